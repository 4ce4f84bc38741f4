// Of loans: their state, the signals, links, and who gets no mail.
#include "host/api/schemas.hpp"

namespace milepost::api {

const char* loan_schemas() {
  return R"json({
    "LoanState": {
      "description": "What track keeps of a loan now, as expressions see it: the tracked fields, and with a stage these.", "type": ["object", "null"],
      "properties": {
        "stage_since": {"type": "string", "format": "date-time"},
        "days_in_stage": {"type": "integer", "description": "Whole days of 24 hours."},
        "business_days_in_stage": {"type": "integer"},
        "stage_due": {"type": "string", "format": "date-time", "description": "When its service level is used up."},
        "stuck": {"type": "boolean", "description": "Past stage_due."},
        "tasks": {"type": "object", "description": "By id."},
        "open_tasks": {"type": "integer"}, "overdue_tasks": {"type": "integer"}
      }
    },
    "LoanPath": {
      "description": "Its stays in the stages, oldest first; the last one has no `until`.", "type": "array",
      "items": {
        "type": "object", "required": ["stage", "since", "days", "business_days"], "additionalProperties": false,
        "properties": {
          "stage": {"type": "string"}, "since": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"},
          "days": {"type": "integer"}, "business_days": {"type": "integer"}, "event": {"type": "string", "description": "Receipt of the event that moved it."}
        }
      }
    },
    "LoanSummary": {
      "type": "object", "required": ["subject", "revision", "time", "state"], "additionalProperties": false,
      "properties": {
        "subject": {"type": "string"}, "revision": {"type": "integer"},
        "time": {"type": "string", "format": "date-time", "description": "Of the event that made this revision."},
        "state": {"$ref": "#/components/schemas/LoanState"}
      }
    },
    "LoanPage": {
      "type": "object", "required": ["loans"], "additionalProperties": false,
      "properties": {
        "loans": {"type": "array", "items": {"$ref": "#/components/schemas/LoanSummary"}},
        "next": {"type": "string", "description": "There may be more: give it as `after`."}
      }
    },
    "Loan": {
      "type": "object", "required": ["subject", "revision", "time", "state", "path", "mail", "chain"], "additionalProperties": false,
      "properties": {
        "subject": {"type": "string"}, "revision": {"type": "integer"}, "time": {"type": "string", "format": "date-time"},
        "state": {"$ref": "#/components/schemas/LoanState"}, "path": {"$ref": "#/components/schemas/LoanPath"},
        "names": {"type": "array", "items": {"type": "string"}, "description": "What it was called before, where it was renumbered or merged."},
        "mail": {
          "description": "Each piece that was handed to a vendor.", "type": "array",
          "items": {
            "type": "object", "required": ["step", "use", "connection", "sent_at", "told"], "additionalProperties": false,
            "properties": {
              "step": {"type": "string"}, "use": {"type": "string"}, "connection": {"type": "string"}, "sent_at": {"type": "string", "format": "date-time"},
              "recalled_at": {"type": "string", "format": "date-time", "description": "When the host asked for it back."}, "event": {"type": "string"},
              "answer": {"description": "The vendor's to the order."}, "told": {"type": "array", "items": {"$ref": "#/components/schemas/PieceTold"}}
            }
          }
        },
        "held_out_at": {"type": "string", "format": "date-time", "description": "When its first piece of mail would have left, had the loan not been held out."},
        "chain": {
          "description": "From the first piece on: pieces, what was told of them, responses, moves of the loan; oldest first.", "type": "array",
          "items": {
            "type": "object", "required": ["time", "what"], "additionalProperties": false,
            "properties": {
              "time": {"type": "string", "format": "date-time"}, "what": {"type": "string", "enum": ["mailed", "asked_back", "held_out", "told", "responded", "stage"]},
              "step": {"type": "string"}, "use": {"type": "string"}, "piece": {"type": "string"}, "state": {"type": "string"}, "by": {"type": "string"}, "stage": {"type": "string"}
            }
          }
        }
      }
    },
    "PieceTold": {
      "description": "What track was told of a piece of mail.", "type": "object", "required": ["time", "piece", "state"], "additionalProperties": false,
      "properties": {"time": {"type": "string", "format": "date-time"}, "piece": {"type": "string"}, "state": {"type": "string"},
                     "by": {"type": "string", "description": "How the borrower responded; absent where the post told it."}}
    },
    "LoanHistory": {
      "type": "object", "required": ["subject", "revisions"], "additionalProperties": false,
      "properties": {
        "subject": {"type": "string"},
        "revisions": {
          "type": "array",
          "items": {
            "type": "object", "required": ["revision", "time", "fields"], "additionalProperties": false,
            "properties": {
              "revision": {"type": "integer"}, "time": {"type": "string", "format": "date-time"}, "fields": {"type": "object"},
              "event": {"type": "string", "description": "Receipt of the event that made it."}, "pipeline": {"type": "string"}, "type": {"type": "string"}
            }
          }
        },
        "next": {"type": "integer", "description": "There are older ones: give it as `before`."}
      }
    },
    "Spans": {
      "description": "Days of 24 hours, or business days.", "type": "object", "required": ["count"], "additionalProperties": false,
      "properties": {"count": {"type": "integer"}, "mean": {"type": "number"}, "median": {"type": "number"}, "p90": {"type": "number"}}
    },
    "Signals": {
      "type": "object", "required": ["since", "until", "groups"], "additionalProperties": false,
      "properties": {
        "since": {"type": "string", "format": "date-time"}, "until": {"type": "string", "format": "date-time"}, "by": {"type": "string"},
        "groups": {
          "type": "array",
          "items": {
            "type": "object", "required": ["loans", "days_in_stage", "overdue", "mismatch", "webhooks", "mail_to_close", "mail_effect", "automation"], "additionalProperties": false,
            "properties": {
              "group": {"type": "string", "description": "Empty: loans that do not have the field."}, "loans": {"type": "integer"},
              "days_in_stage": {"type": "array", "items": {
                "type": "object", "required": ["stage", "there", "days", "business_days"], "additionalProperties": false,
                "properties": {"stage": {"type": "string"}, "there": {"type": "integer", "description": "Loans that are in it at the end."},
                               "days": {"$ref": "#/components/schemas/Spans"}, "business_days": {"$ref": "#/components/schemas/Spans"}}}},
              "overdue": {"type": "object", "required": ["due", "overdue", "rate"], "additionalProperties": false,
                          "properties": {"due": {"type": "integer"}, "overdue": {"type": "integer"}, "rate": {"type": ["number", "null"]}}},
              "mismatch": {"type": "object", "required": ["compared", "mismatched", "rate", "fields"], "additionalProperties": false,
                           "properties": {"compared": {"type": "integer"}, "mismatched": {"type": "integer"}, "rate": {"type": ["number", "null"]},
                                          "fields": {"type": "array", "items": {
                                            "type": "object", "required": ["system", "field", "compared", "mismatched", "rate"], "additionalProperties": false,
                                            "properties": {"system": {"type": "string"}, "field": {"type": "string"}, "compared": {"type": "integer"},
                                                           "mismatched": {"type": "integer"}, "rate": {"type": ["number", "null"]}}}}}},
              "webhooks": {"type": "array", "description": "What webhooks missed and polls brought.", "items": {
                "type": "object", "required": ["pipeline", "source", "missed"], "additionalProperties": false,
                "properties": {"pipeline": {"type": "string"}, "source": {"type": "string"}, "missed": {"type": "integer"}}}},
              "mail_to_close": {"$ref": "#/components/schemas/Spans"},
              "mail_effect": {"type": "object", "required": ["mailed", "held_out"], "additionalProperties": false,
                              "properties": {"mailed": {"$ref": "#/components/schemas/MailArm"}, "held_out": {"$ref": "#/components/schemas/MailArm"}}},
              "automation": {"type": "object", "required": ["changes", "by_hand", "coverage"], "additionalProperties": false,
                             "properties": {"changes": {"type": "integer"}, "by_hand": {"type": "integer"}, "coverage": {"type": ["number", "null"]}}}
            }
          }
        }
      }
    },
    "Link": {
      "description": "A vendor's record, and whose it is.", "type": "object", "required": ["system", "type", "id", "subject"], "additionalProperties": false,
      "properties": {"system": {"type": "string"}, "type": {"type": "string"}, "id": {"type": "string"}, "subject": {"type": "string"}}
    },
    "MailArm": {
      "description": "Loans whose first piece of mail left in the period, or was held out in it.", "type": "object", "required": ["loans", "responded", "closed", "rate", "days"], "additionalProperties": false,
      "properties": {"loans": {"type": "integer"}, "responded": {"type": "integer"}, "closed": {"type": "integer"}, "rate": {"type": ["number", "null"]},
                     "days": {"$ref": "#/components/schemas/Spans"}}
    },
    "Links": {
      "description": "One, or none.", "type": "object", "required": ["links"], "additionalProperties": false,
      "properties": {"links": {"type": "array", "items": {"$ref": "#/components/schemas/Link"}}}
    },
    "Suppression": {
      "description": "Who gets no mail.", "type": "object", "required": ["key", "reason", "user", "since"], "additionalProperties": false,
      "properties": {"key": {"type": "string"}, "reason": {"type": "string"}, "user": {"type": "string", "description": "Who said so."},
                     "since": {"type": "string", "format": "date-time"}}
    },
    "SuppressionPage": {
      "type": "object", "required": ["suppressions"], "additionalProperties": false,
      "properties": {"suppressions": {"type": "array", "items": {"$ref": "#/components/schemas/Suppression"}},
                     "next": {"type": "string", "description": "There are more: give it as `after`."}}
    },
    "Suppress": {
      "type": "object", "required": ["key", "reason"], "additionalProperties": false,
      "properties": {"key": {"type": "string", "minLength": 1, "maxLength": 256, "description": "A loan, a borrower's id: what mail.suppress in loans.yaml gives."},
                     "reason": {"type": "string", "minLength": 1, "maxLength": 1000}}
    },
    "Suppressed": {
      "type": "object", "required": ["key", "suppressed"], "additionalProperties": false,
      "properties": {"key": {"type": "string"}, "suppressed": {"type": "boolean"}}
    }
  })json";
}

}  // namespace milepost::api
