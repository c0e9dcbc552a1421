// The paper's figure, drawn from what the simulator measured: rate against clock and batch size.
#ifndef SIM_PLOT_PLOT_H_
#define SIM_PLOT_PLOT_H_

#include <string>
#include <vector>

#include "sim/file/output_file.h"

namespace mapwire::sim {

struct PlotPoint {
  double x;
  double rate_mpps;
};

struct PlotSeries {
  std::string name;  // In the legend.
  std::vector<PlotPoint> points;
};

// Points are drawn in the order of x, whatever their order here. Points with a value that is
// negative, not finite or above a million, and batch sizes below 1, are left out. A series has the
// same colour and mark in both panels if it has the same name; the legend names each once. Up to
// eight names are told apart.
struct RatePlot {
  std::string title;
  std::vector<PlotSeries> by_clock;  // x: CPU clock in GHz.
  std::vector<PlotSeries> by_batch;  // x: packets per batch; the axis is logarithmic.
  double line_rate_mpps = 14.88;     // 10 Gbit/s of 64-byte frames; 0 for no line.
};

// A standalone SVG of 1000 x 450. Equal plots give equal bytes.
std::string RenderSvg(const RatePlot& plot);

[[nodiscard]] FileError WriteSvg(const std::string& path, const RatePlot& plot);

}  // namespace mapwire::sim

#endif  // SIM_PLOT_PLOT_H_
