// Unit tests of the plot: what is in the SVG, and that it is one.
#include "sim/plot/plot.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstddef>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace mapwire::sim {
namespace {

size_t CountOf(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++count;
  return count;
}

// Whether every element is closed, in order, and no < or & is loose.
bool IsWellFormed(std::string_view xml) {
  std::vector<std::string_view> open;
  for (size_t at = 0; at < xml.size();) {
    if (xml[at] == '&') {
      const std::string_view rest = xml.substr(at);
      bool known = false;
      for (const std::string_view entity : {"&amp;", "&lt;", "&gt;", "&quot;"}) {
        known = known || rest.substr(0, entity.size()) == entity;
      }
      if (!known) return false;
    }
    if (xml[at] != '<') {
      ++at;
      continue;
    }
    const size_t end = xml.find('>', at);
    if (end == xml.npos) return false;
    const std::string_view tag = xml.substr(at + 1, end - at - 1);
    if (tag.find('<') != tag.npos || CountOf(tag, "\"") % 2 != 0) return false;
    const std::string_view name = tag.substr(0, tag.find_first_of(" /", 1));
    if (tag[0] == '/') {
      if (open.empty() || open.back() != tag.substr(1)) return false;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
    at = end + 1;
  }
  return open.empty();
}

RatePlot SamplePlot() {
  RatePlot plot;
  plot.title = "Rate of one core";
  plot.by_clock = {{"transmit", {{1, 10}, {0.5, 5}, {2, 14.88}}}, {"receive", {{2, 12}}}};
  plot.by_batch = {{"receive", {{1, 2}, {1024, 14}, {32, 7}}}, {"forward", {{1, 1}, {2, 2}}}};
  return plot;
}

TEST(RenderSvg, ShowsTitleAxesUnitsAndLegend) {
  const std::string svg = RenderSvg(SamplePlot());
  EXPECT_TRUE(IsWellFormed(svg));
  EXPECT_EQ(svg.substr(0, 5), "<svg ");
  EXPECT_NE(svg.find("width=\"1000\" height=\"450\""), std::string::npos);
  EXPECT_EQ(CountOf(svg, ">Rate of one core</text>"), 1u);
  EXPECT_EQ(CountOf(svg, ">CPU clock (GHz)</text>"), 1u);
  EXPECT_EQ(CountOf(svg, ">batch size (packets)</text>"), 1u);
  EXPECT_EQ(CountOf(svg, ">rate (Mpps)</text>"), 2u);
  EXPECT_EQ(CountOf(svg, ">1024</text>"), 1u) << "a tick at each power of two";
  for (const std::string_view name : {">transmit<", ">receive<", ">forward<"}) {
    EXPECT_EQ(CountOf(svg, name), 1u) << name << " belongs in the legend once";
  }
}

TEST(RenderSvg, DrawsTheLineRateInBothPanels) {
  RatePlot plot = SamplePlot();
  const std::string svg = RenderSvg(plot);
  EXPECT_EQ(CountOf(svg, "stroke-dasharray"), 2u);
  EXPECT_EQ(CountOf(svg, ">line rate 14.88 Mpps</text>"), 2u);
  plot.line_rate_mpps = 0;
  EXPECT_EQ(CountOf(RenderSvg(plot), "stroke-dasharray"), 0u);
}

// The panels reach from y = 68 (16 Mpps) to 398 (0), and from x = 70 to 480 and 560 to 970.
TEST(RenderSvg, PutsPointsWhereTheAxesSay) {
  const std::string svg = RenderSvg(SamplePlot());
  EXPECT_EQ(CountOf(svg, "<polyline"), 3u) << "one point is no line";
  EXPECT_EQ(CountOf(svg, "points=\"172.50,294.88 275.00,191.75 480.00,91.10\""), 1u)
      << "0.5, 1 and 2 of 2 GHz, sorted; 5, 10 and 14.88 of 16 Mpps";
  EXPECT_EQ(CountOf(svg, "points=\"560.00,356.75 765.00,253.62 970.00,109.25\""), 1u)
      << "1, 32 and 1024 are evenly spaced";
  EXPECT_EQ(CountOf(svg, "x1=\"70.00\" y1=\"91.10\" x2=\"480.00\" y2=\"91.10\""), 1u)
      << "the line rate";
}

TEST(RenderSvg, GivesASeriesOneColourInBothPanels) {
  const std::string svg = RenderSvg(SamplePlot());
  // "receive" is the second name: legend line, curve; legend mark, 1 + 3 points.
  EXPECT_EQ(CountOf(svg, "stroke=\"#D55E00\""), 2u);
  EXPECT_EQ(CountOf(svg, "fill=\"#D55E00\""), 5u);
}

TEST(RenderSvg, EscapesText) {
  RatePlot plot = SamplePlot();
  plot.title = "<b> & \"quotes\" \x01\xFF";
  plot.by_clock[0].name = "</svg>";
  const std::string svg = RenderSvg(plot);
  EXPECT_TRUE(IsWellFormed(svg));
  EXPECT_NE(svg.find(">&lt;b&gt; &amp; &quot;quotes&quot; \xEF\xBF\xBD\xEF\xBF\xBD</text>"),
            std::string::npos);
  EXPECT_EQ(CountOf(svg, "</svg>"), 1u);
  EXPECT_FALSE(IsWellFormed("<a>&</a>")) << "the check can fail";
  EXPECT_FALSE(IsWellFormed("<a><b></a></b>")) << "the check can fail";
}

TEST(RenderSvg, SurvivesAnyNumbers) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double x : {0.0, 1e-300, 0.5, 1.0, 1.33, 1e6, 1e300, -1.0, infinity, std::nan("")}) {
    for (const double rate : {0.0, 1e-300, 20.0, 1e6, 1e300, -1.0, -infinity, std::nan("")}) {
      RatePlot plot;
      plot.line_rate_mpps = rate;
      plot.by_clock = plot.by_batch = {{"series", {{x, rate}, {x, 1}}}};
      const std::string svg = RenderSvg(plot);
      EXPECT_TRUE(IsWellFormed(svg));
      EXPECT_EQ(CountOf(svg, "nan"), 0u) << x << " " << rate;
      EXPECT_EQ(CountOf(svg, "inf"), 0u) << x << " " << rate;
      EXPECT_LT(svg.size(), 20'000u) << x << " " << rate;
    }
  }
  EXPECT_TRUE(IsWellFormed(RenderSvg(RatePlot{})));
}

TEST(WriteSvg, WritesWhatIsRenderedOrSaysWhyNot) {
  const std::string path = ::testing::TempDir() + "/plot.svg";
  EXPECT_FALSE(WriteSvg(path, SamplePlot()));
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), RenderSvg(SamplePlot()));
  EXPECT_EQ(WriteSvg("/no/such/folder/plot.svg", SamplePlot()).value_or(""),
            "/no/such/folder/plot.svg: cannot be created: No such file or directory");
  EXPECT_EQ(WriteSvg("/dev/full", SamplePlot()).value_or(""),
            "/dev/full: cannot be written: No space left on device");
}

}  // namespace
}  // namespace mapwire::sim
