// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
#include "core/ring/violation.h"

namespace mapwire::ring {

const char* RuleName(Rule rule) {
  switch (rule) {
    case Rule::kNone:
      return "none";
    case Rule::kHeadRange:
      return "head-range";
    case Rule::kHeadWindow:
      return "head-window";
    case Rule::kCurRange:
      return "cur-range";
    case Rule::kCurWindow:
      return "cur-window";
    case Rule::kBufferIndex:
      return "buffer-index";
    case Rule::kLength:
      return "length";
    case Rule::kLengthZero:
      return "length-zero";
    case Rule::kFrameUnfinished:
      return "frame-unfinished";
    case Rule::kFrameFragments:
      return "frame-fragments";
    case Rule::kFrameLength:
      return "frame-length";
    case Rule::kOffset:
      return "offset";
    case Rule::kDeviceLength:
      return "device-length";
    case Rule::kDeviceIndex:
      return "device-index";
    case Rule::kExtraList:
      return "extra-list";
  }
  return "unknown";
}

}  // namespace mapwire::ring
