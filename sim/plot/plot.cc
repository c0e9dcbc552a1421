// SVG by hand: two panels, a legend above them.
#include "sim/plot/plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <string_view>
#include <utility>

#include "sim/file/escape.h"

namespace mapwire::sim {
namespace {

constexpr double kWidth = 1000;
constexpr double kHeight = 450;
constexpr double kMaxValue = 1e6;

// Colours that people with any colour vision tell apart (Okabe and Ito), darkest first.
constexpr std::string_view kColours[] = {"#0072B2", "#D55E00", "#009E73", "#CC79A7",
                                         "#E69F00", "#56B4E9", "#000000", "#7F7F7F"};

constexpr std::string_view kGridColour = "#E3E3E3";
constexpr std::string_view kAxisColour = "#444444";
constexpr std::string_view kLineRateColour = "#555555";

size_t CharactersOf(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

// An estimate for a sans-serif font; nobody can measure text while writing an SVG.
double TextWidth(std::string_view text, double font_size) {
  return 0.56 * font_size * static_cast<double>(CharactersOf(text));
}

// The largest font up to preferred in which text fits into width.
double FittingFont(std::string_view text, double preferred, double width) {
  const double natural = TextWidth(text, preferred);
  return natural <= width ? preferred : preferred * width / natural;
}

// False for NaN too.
bool CanDraw(double value) { return value >= 0 && value <= kMaxValue; }

// An axis from low to high with its ticks; logarithms to base 2 if is_log.
struct Axis {
  double low;
  double high;
  std::vector<double> ticks;
  bool is_log;

  // 0 at low, 1 at high.
  double Share(double value) const {
    if (is_log) return (std::log2(value) - std::log2(low)) / (std::log2(high) - std::log2(low));
    return (value - low) / (high - low);
  }
};

// From 0 in steps of 1, 2, 2.5 or 5 times a power of ten, about count of them.
Axis LinearAxis(double high, int count) {
  if (high <= 0) high = 1;
  const double power = std::pow(10, std::floor(std::log10(high / count)));
  double step = 10 * power;
  for (const double factor : {5.0, 2.5, 2.0, 1.0}) {
    if (factor * power * count >= high) step = factor * power;
  }
  Axis axis = {0, 0, {0}, false};
  while (axis.high < high * (1 - 1e-9)) {
    axis.high = step * static_cast<double>(axis.ticks.size());
    axis.ticks.push_back(axis.high);
  }
  return axis;
}

// Whole powers of two around low..high, not more than about twelve ticks.
Axis LogAxis(double low, double high) {
  const int first = static_cast<int>(std::floor(std::log2(low)));
  const int last = std::max(first + 1, static_cast<int>(std::ceil(std::log2(high))));
  Axis axis = {std::ldexp(1, first), std::ldexp(1, last), {}, true};
  const int step = (last - first + 11) / 12;
  for (int i = first; i <= last; i += step) axis.ticks.push_back(std::ldexp(1, i));
  return axis;
}

// Where a panel's axes are, in pixels.
struct Frame {
  double left, top, right, bottom;
};

class Drawing {
 public:
  explicit Drawing(const RatePlot& plot) : plot_(plot) {
    for (const auto* panel : {&plot.by_clock, &plot.by_batch}) {
      for (const PlotSeries& series : *panel) {
        if (IndexOf(series.name) == names_.size()) names_.push_back(series.name);
      }
    }
  }

  std::string Render() {
    Add("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" "
        "viewBox=\"0 0 {0} {1}\" font-family=\"DejaVu Sans, Verdana, Helvetica, Arial, "
        "sans-serif\">\n",
        kWidth, kHeight);
    Add("<title>{}</title>\n", EscapeXml(plot_.title));
    Add("<rect width=\"{}\" height=\"{}\" fill=\"#FFFFFF\"/>\n", kWidth, kHeight);
    Text(kWidth / 2, 28, "middle", FittingFont(plot_.title, 18, kWidth - 120), plot_.title,
         "font-weight=\"bold\"");
    const double top = Legend(52) + 16;
    const Axis rates = RateAxis();
    const Frame clock = {70, top, 480, kHeight - 52}, batch = {560, top, 970, kHeight - 52};
    Panel(clock, plot_.by_clock, LinearAxis(Range(plot_.by_clock).second, 8), rates,
          "CPU clock (GHz)");
    const auto [low, high] = Range(plot_.by_batch);
    Panel(batch, plot_.by_batch, LogAxis(low, high), rates, "batch size (packets)");
    Add("</svg>\n");
    return std::move(svg_);
  }

 private:
  template <typename... Arguments>
  void Add(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    fmt::format_to(std::back_inserter(svg_), format, std::forward<Arguments>(arguments)...);
  }

  void Text(double x, double y, std::string_view anchor, double size, std::string_view text,
            std::string_view attributes = {}) {
    Add("<text x=\"{:.2f}\" y=\"{:.2f}\" text-anchor=\"{}\" font-size=\"{:.1f}\"{}{}>{}</text>\n",
        x, y, anchor, size, attributes.empty() ? "" : " ", attributes, EscapeXml(text));
  }

  void Line(double x1, double y1, double x2, double y2, std::string_view colour,
            std::string_view attributes = {}) {
    Add("<line x1=\"{:.2f}\" y1=\"{:.2f}\" x2=\"{:.2f}\" y2=\"{:.2f}\" stroke=\"{}\"{}{}/>\n", x1,
        y1, x2, y2, colour, attributes.empty() ? "" : " ", attributes);
  }

  size_t IndexOf(std::string_view name) const {
    return static_cast<size_t>(std::find(names_.begin(), names_.end(), name) - names_.begin());
  }

  // The points that can be drawn, by x.
  std::vector<PlotPoint> PointsOf(const PlotSeries& series) const {
    std::vector<PlotPoint> points;
    const double lowest = IsBatch(series) ? 1 : 0;
    for (const PlotPoint& point : series.points) {
      if (CanDraw(point.x) && CanDraw(point.rate_mpps) && point.x >= lowest) {
        points.push_back(point);
      }
    }
    std::stable_sort(points.begin(), points.end(),
                     [](const PlotPoint& a, const PlotPoint& b) { return a.x < b.x; });
    return points;
  }

  bool IsBatch(const PlotSeries& series) const {
    const auto& all = plot_.by_batch;
    return !all.empty() && &series >= all.data() && &series < all.data() + all.size();
  }

  // The smallest and largest x.
  std::pair<double, double> Range(const std::vector<PlotSeries>& panel) const {
    double low = kMaxValue, high = 0;
    for (const PlotSeries& series : panel) {
      for (const PlotPoint& point : PointsOf(series)) {
        low = std::min(low, point.x);
        high = std::max(high, point.x);
      }
    }
    if (low > high) return {1, 1};
    return {low, high};
  }

  bool HasLineRate() const { return CanDraw(plot_.line_rate_mpps) && plot_.line_rate_mpps > 0; }

  // The same in both panels, with room above the line rate for its label.
  Axis RateAxis() const {
    double high = HasLineRate() ? plot_.line_rate_mpps * 1.07 : 0;
    for (const auto* panel : {&plot_.by_clock, &plot_.by_batch}) {
      for (const PlotSeries& series : *panel) {
        for (const PlotPoint& point : PointsOf(series)) high = std::max(high, point.rate_mpps);
      }
    }
    return LinearAxis(high, 8);
  }

  // Rows of names, centred; returns where the last row ends.
  double Legend(double y) {
    constexpr double kFont = 13, kMark = 30, kGap = 24, kRow = 20;
    std::vector<std::vector<size_t>> rows(1);
    std::vector<double> widths(1, 0);
    for (size_t i = 0; i < names_.size(); ++i) {
      const double width = std::min(kMark + TextWidth(names_[i], kFont) + kGap, kWidth - 40);
      if (!rows.back().empty() && widths.back() + width > kWidth - 40) {
        rows.emplace_back();
        widths.push_back(0);
      }
      rows.back().push_back(i);
      widths.back() += width;
    }
    for (size_t row = 0; row < rows.size(); ++row) {
      double x = (kWidth - widths[row] + kGap) / 2;
      for (const size_t i : rows[row]) {
        const double room = kWidth - 40 - kMark - kGap;
        const double font = FittingFont(names_[i], kFont, room);
        Line(x, y - 4, x + 24, y - 4, ColourOf(i), "stroke-width=\"2\"");
        Mark(x + 12, y - 4, i);
        Text(x + kMark, y, "start", font, names_[i]);
        x += kMark + TextWidth(names_[i], font) + kGap;
      }
      y += kRow;
    }
    return y - kRow;
  }

  static std::string_view ColourOf(size_t index) { return kColours[index % std::size(kColours)]; }

  // Circle, square, triangle, diamond; so that grey copies can be read.
  void Mark(double x, double y, size_t index) {
    const std::string_view colour = ColourOf(index);
    switch (index % 4) {
      case 0:
        Add("<circle cx=\"{:.2f}\" cy=\"{:.2f}\" r=\"3.8\" fill=\"{}\"/>\n", x, y, colour);
        break;
      case 1:
        Add("<rect x=\"{:.2f}\" y=\"{:.2f}\" width=\"7\" height=\"7\" fill=\"{}\"/>\n", x - 3.5,
            y - 3.5, colour);
        break;
      case 2:
        Add("<path d=\"M{:.2f} {:.2f}l4.6 8h-9.2z\" fill=\"{}\"/>\n", x, y - 4.8, colour);
        break;
      default:
        Add("<path d=\"M{:.2f} {:.2f}l4.8 4.8l-4.8 4.8l-4.8 -4.8z\" fill=\"{}\"/>\n", x, y - 4.8,
            colour);
    }
  }

  void Panel(const Frame& frame, const std::vector<PlotSeries>& all, const Axis& x_axis,
             const Axis& y_axis, std::string_view x_label) {
    const auto x_of = [&](double x) {
      return frame.left + x_axis.Share(x) * (frame.right - frame.left);
    };
    const auto y_of = [&](double y) {
      return frame.bottom - y_axis.Share(y) * (frame.bottom - frame.top);
    };
    for (const double tick : x_axis.ticks) {
      Line(x_of(tick), frame.top, x_of(tick), frame.bottom, kGridColour);
      Line(x_of(tick), frame.bottom, x_of(tick), frame.bottom + 5, kAxisColour);
      Text(x_of(tick), frame.bottom + 19, "middle", 12, fmt::format("{:.6g}", tick));
    }
    for (const double tick : y_axis.ticks) {
      Line(frame.left, y_of(tick), frame.right, y_of(tick), kGridColour);
      Line(frame.left - 5, y_of(tick), frame.left, y_of(tick), kAxisColour);
      Text(frame.left - 9, y_of(tick) + 4, "end", 12, fmt::format("{:.6g}", tick));
    }
    Line(frame.left, frame.bottom, frame.right, frame.bottom, kAxisColour);
    Line(frame.left, frame.top, frame.left, frame.bottom, kAxisColour);
    const double middle = (frame.top + frame.bottom) / 2;
    Text((frame.left + frame.right) / 2, frame.bottom + 40, "middle", 13, x_label);
    Text(frame.left - 46, middle, "middle", 13, "rate (Mpps)",
         fmt::format("transform=\"rotate(-90 {:.2f} {:.2f})\"", frame.left - 46, middle));
    const double line_rate_y = y_of(plot_.line_rate_mpps);
    if (HasLineRate()) {
      Line(frame.left, line_rate_y, frame.right, line_rate_y, kLineRateColour,
           "stroke-width=\"1.5\" stroke-dasharray=\"7 4\"");
    }
    for (const PlotSeries& series : all) {
      const std::vector<PlotPoint> points = PointsOf(series);
      const size_t index = IndexOf(series.name);
      if (points.size() > 1) {
        Add("<polyline fill=\"none\" stroke=\"{}\" stroke-width=\"2\" stroke-linejoin=\"round\" "
            "points=\"",
            ColourOf(index));
        for (const PlotPoint& point : points) {
          Add("{}{:.2f},{:.2f}", &point == points.data() ? "" : " ", x_of(point.x),
              y_of(point.rate_mpps));
        }
        Add("\"/>\n");
      }
      for (const PlotPoint& point : points) Mark(x_of(point.x), y_of(point.rate_mpps), index);
    }
    if (HasLineRate()) LineRateLabel(frame, line_rate_y);
  }

  // Over the curves, with a white edge that keeps it readable where one passes.
  void LineRateLabel(const Frame& frame, double y) {
    Text(frame.left + 8, y - 7, "start", 12,
         fmt::format("line rate {:.6g} Mpps", plot_.line_rate_mpps),
         fmt::format("fill=\"{}\" stroke=\"#FFFFFF\" stroke-width=\"3\" paint-order=\"stroke\"",
                     kLineRateColour));
  }

  const RatePlot& plot_;
  std::vector<std::string> names_;  // In the order of the legend; the index chooses the colour.
  std::string svg_;
};

}  // namespace

std::string RenderSvg(const RatePlot& plot) { return Drawing(plot).Render(); }

FileError WriteSvg(const std::string& path, const RatePlot& plot) {
  OutputFile file;
  if (FileError error = file.Open(path)) return error;
  file.Write(RenderSvg(plot));
  return file.Close();
}

}  // namespace mapwire::sim
