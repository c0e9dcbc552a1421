// Text made fit for JSON and XML.
#ifndef SIM_FILE_ESCAPE_H_
#define SIM_FILE_ESCAPE_H_

#include <string>
#include <string_view>

namespace mapwire::sim {

// The inside of a JSON string. Bytes that are not UTF-8 become U+FFFD, here and below.
std::string EscapeJson(std::string_view text);

// Content of an XML element or attribute. Control characters, which XML cannot hold, become U+FFFD.
std::string EscapeXml(std::string_view text);

}  // namespace mapwire::sim

#endif  // SIM_FILE_ESCAPE_H_
