#include "plugins/postcard/vendor.hpp"

namespace milepost::postcard {

std::string vendor_word(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-[]/";
  return text.size() <= 64 && text.find_first_not_of(kAllowed) == text.npos ? std::string(text) : std::string();
}

}  // namespace milepost::postcard
