// Every code that a fault can carry, with the longer text that `milepost explain MP1042` prints. Codes are stable: a
// number is never given a second meaning, and a code that falls out of use keeps its number.
#pragma once

#include <span>
#include <string_view>

namespace milepost::config {

struct FaultCode {
  std::string_view code;
  std::string_view title;        ///< a few words
  std::string_view explanation;  ///< why it is a fault, in a sentence or two
  std::string_view remedy;       ///< what to do
};

/// In the order of their codes.
std::span<const FaultCode> fault_codes();
/// nullptr when there is none; upper and lower case are the same.
const FaultCode* find_fault_code(std::string_view code);

namespace code {
// Files and YAML.
inline constexpr std::string_view kFolder = "MP1001";
inline constexpr std::string_view kUnreadable = "MP1002";
inline constexpr std::string_view kTooLarge = "MP1003";
inline constexpr std::string_view kEncoding = "MP1004";
inline constexpr std::string_view kSyntax = "MP1005";
inline constexpr std::string_view kTab = "MP1006";
inline constexpr std::string_view kDuplicateKey = "MP1007";
inline constexpr std::string_view kSecondDocument = "MP1008";
inline constexpr std::string_view kExpansion = "MP1009";
inline constexpr std::string_view kCycle = "MP1010";
inline constexpr std::string_view kBadKey = "MP1011";
inline constexpr std::string_view kMergeKey = "MP1012";
inline constexpr std::string_view kTag = "MP1013";
inline constexpr std::string_view kTagName = "MP1014";
inline constexpr std::string_view kUnquotedExpression = "MP1015";
inline constexpr std::string_view kUnclosedExpression = "MP1016";
inline constexpr std::string_view kCutExpression = "MP1017";
inline constexpr std::string_view kIgnoredFile = "MP1018";
inline constexpr std::string_view kNothingToRun = "MP1019";
// Keys and values.
inline constexpr std::string_view kShape = "MP1040";
inline constexpr std::string_view kMissingKey = "MP1041";
inline constexpr std::string_view kUnknownKey = "MP1042";
inline constexpr std::string_view kEmpty = "MP1043";
inline constexpr std::string_view kInteger = "MP1044";
inline constexpr std::string_view kBoolean = "MP1045";
inline constexpr std::string_view kNumber = "MP1046";
inline constexpr std::string_view kDuration = "MP1047";
inline constexpr std::string_view kSize = "MP1048";
inline constexpr std::string_view kRate = "MP1049";
inline constexpr std::string_view kRange = "MP1050";
inline constexpr std::string_view kChoice = "MP1051";
inline constexpr std::string_view kName = "MP1052";
inline constexpr std::string_view kExpressionHere = "MP1053";
inline constexpr std::string_view kAddress = "MP1054";
inline constexpr std::string_view kConstraint = "MP1055";
inline constexpr std::string_view kTls = "MP1056";
inline constexpr std::string_view kRetention = "MP1057";
inline constexpr std::string_view kCron = "MP1058";
inline constexpr std::string_view kZone = "MP1059";
// Names that refer to something.
inline constexpr std::string_view kDuplicatePipeline = "MP1080";
inline constexpr std::string_view kDuplicateConnection = "MP1081";
inline constexpr std::string_view kDuplicateStep = "MP1082";
inline constexpr std::string_view kDuplicatePath = "MP1083";
inline constexpr std::string_view kUnknownSource = "MP1084";
inline constexpr std::string_view kUnknownStep = "MP1085";
inline constexpr std::string_view kUnknownConnector = "MP1086";
inline constexpr std::string_view kRefusedPlugin = "MP1087";
inline constexpr std::string_view kUnknownConnection = "MP1088";
inline constexpr std::string_view kOtherConnector = "MP1089";
inline constexpr std::string_view kMissingConnection = "MP1090";
inline constexpr std::string_view kNeedlessConnection = "MP1091";
inline constexpr std::string_view kMissingId = "MP1092";
inline constexpr std::string_view kStepId = "MP1093";
inline constexpr std::string_view kSchemaFile = "MP1094";
inline constexpr std::string_view kSchema = "MP1095";
inline constexpr std::string_view kUnknownPipeline = "MP1096";
inline constexpr std::string_view kUnknownHostEvent = "MP1097";
inline constexpr std::string_view kReservedType = "MP1098";
// Webhooks.
inline constexpr std::string_view kHookPath = "MP1110";
inline constexpr std::string_view kUnverified = "MP1111";
inline constexpr std::string_view kVerify = "MP1112";
inline constexpr std::string_view kSignedText = "MP1113";
// Secrets. The source line of these is never shown.
inline constexpr std::string_view kUnsetSecret = "MP1130";
inline constexpr std::string_view kUnsetVariable = "MP1131";
inline constexpr std::string_view kSecretHere = "MP1132";
inline constexpr std::string_view kPlainSecret = "MP1133";
inline constexpr std::string_view kSecretsFile = "MP1134";
inline constexpr std::string_view kSecretsMode = "MP1135";
inline constexpr std::string_view kSecretsFrom = "MP1136";
// Expressions: found by the engine, once it has compiled the pipeline.
inline constexpr std::string_view kExpression = "MP1150";
inline constexpr std::string_view kUnknownName = "MP1151";
inline constexpr std::string_view kLaterStep = "MP1152";
inline constexpr std::string_view kLoop = "MP1153";
// What would go wrong later: warnings.
inline constexpr std::string_view kNeverRuns = "MP1170";
inline constexpr std::string_view kUnsafeRetries = "MP1171";
inline constexpr std::string_view kFinalRefusal = "MP1172";
// loans.yaml, and the mail that it governs.
inline constexpr std::string_view kStageName = "MP1180";
inline constexpr std::string_view kUnknownStage = "MP1181";
inline constexpr std::string_view kServiceLevel = "MP1182";
inline constexpr std::string_view kHoliday = "MP1183";
inline constexpr std::string_view kMailOnce = "MP1184";
inline constexpr std::string_view kMailGate = "MP1185";
inline constexpr std::string_view kTimeOfDay = "MP1186";
inline constexpr std::string_view kTwoOwners = "MP1187";
inline constexpr std::string_view kUnknownSystem = "MP1188";
inline constexpr std::string_view kRing = "MP1189";
// Templates and their copies.
inline constexpr std::string_view kTemplate = "MP1190";
inline constexpr std::string_view kLocked = "MP1191";
inline constexpr std::string_view kParameter = "MP1192";
// Test cases.
inline constexpr std::string_view kCaseFile = "MP1200";
inline constexpr std::string_view kCaseName = "MP1201";
inline constexpr std::string_view kNeverMatches = "MP1202";
}  // namespace code

/// False for faults whose source line may hold a secret.
bool shows_source(std::string_view code);

}  // namespace milepost::config
