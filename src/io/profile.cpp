#include "lemnos/profile.h"

#include <algorithm>
#include <map>

#include "base/text.h"

namespace lemnos {

namespace {

struct Total {
  std::string op;
  size_t launches = 0;
  double microseconds = 0;
  double bytes = 0, flops = 0;
};

std::vector<Total> totals_by_op(const std::vector<LaunchProfile>& launches) {
  std::map<std::string, Total> by_op;
  for (const LaunchProfile& launch : launches) {
    Total& total = by_op[launch.op];
    total.op = launch.op;
    ++total.launches;
    total.microseconds += launch.microseconds();
    total.bytes += static_cast<double>(launch.bytes);
    total.flops += static_cast<double>(launch.flops);
  }
  std::vector<Total> totals;
  for (auto& [op, total] : by_op) totals.push_back(std::move(total));
  std::ranges::stable_sort(totals, std::ranges::greater(), &Total::microseconds);
  return totals;
}

std::string line(const Total& t, double all) {
  const double us = t.microseconds > 0 ? t.microseconds : 1;
  return formatted("%-24s %8zu %12.1f %6.1f%% %9.2f %10.2f\n", t.op.c_str(), t.launches, t.microseconds,
                   all > 0 ? 100 * t.microseconds / all : 0, t.bytes / us / 1e3, t.flops / us / 1e3);
}

// Names of ops, kernels and devices are printable; a driver's word might hold a quote.
std::string quoted(const std::string& words) {
  std::string out = "\"";
  for (char c : words) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + '"';
}

constexpr int kHostRow = 1, kDeviceRow = 2;

std::string event(int row, const std::string& name, const Interval& when, const std::string& details) {
  const std::string numbers = formatted(R"("ph":"X","pid":1,"tid":%d,"ts":%.3f,"dur":%.3f)", row, when.begin,
                                        std::max(when.end - when.begin, 0.0));
  return text("{\"name\":", quoted(name), ',', numbers, details, "},\n");
}

std::string row_name(int row, const std::string& name) {
  return text(R"({"name":"thread_name","ph":"M","pid":1,"tid":)", row, R"(,"args":{"name":)", quoted(name), "}}");
}

}  // namespace

double LaunchProfile::microseconds() const {
  if (steps.empty()) return 0;
  std::vector<double> times;
  for (const Interval& s : steps) times.push_back(s.end - s.begin);
  const auto middle = times.begin() + static_cast<ptrdiff_t>(times.size() / 2);
  std::ranges::nth_element(times, middle);
  return *middle;
}

double Profile::microseconds() const {
  double total = 0;
  for (const LaunchProfile& launch : launches) total += launch.microseconds();
  return total;
}

std::string Profile::table() const {
  const double all = microseconds();
  const std::string head = formatted(
      "%zu launches, %.1f us one by one, %.1f us replayed (medians of %u steps)\n"
      "%-24s %8s %12s %7s %9s %10s\n",
      launches.size(), all, replayed_microseconds, steps, "op", "launches", "microseconds", "share", "GB/s", "GFLOP/s");
  std::string out = text(device, ", ", driver, ' ', driver_version, '\n', head);
  for (const Total& total : totals_by_op(launches)) out += line(total, all);
  return out;
}

std::string Profile::trace() const {
  std::string out = text("{\"otherData\":{\"device\":", quoted(device), ",\"driver\":", quoted(driver),
                         ",\"driver_version\":", quoted(driver_version), "},\n\"traceEvents\":[\n");
  for (const HostProfile& span : host) out += event(kHostRow, span.what, span.when, "");
  for (const LaunchProfile& launch : launches)
    for (const Interval& when : launch.steps)
      out += event(kDeviceRow, launch.op + ' ' + launch.result, when,
                   text(",\"args\":{\"kernel\":", quoted(launch.kernel), ",\"groups\":", launch.groups,
                        ",\"bytes\":", launch.bytes, ",\"flops\":", launch.flops, '}'));
  return out + row_name(kHostRow, "host") + ",\n" + row_name(kDeviceRow, device) + "\n]}\n";
}

}  // namespace lemnos
