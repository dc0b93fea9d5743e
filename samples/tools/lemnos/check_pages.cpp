// lemnos check --junit and --html: what was found, for a build server and for a reader who was not there.

#include <algorithm>
#include <set>

#include "base/text.h"
#include "check_report.h"

namespace lemnos::tool {

namespace {

using Kind = check::Outcome::Kind;

// XML 1.0 has no other control characters than these three.
std::string escaped(const std::string& raw) {
  std::string out;
  for (const char c : raw) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (code >= 0x20 || c == '\n' || c == '\t' || c == '\r')
      out += c;
    else
      out += '?';
  }
  return out;
}

double seconds_of_runs(const CheckReport& report) {
  double sum = 0;
  for (const CheckedRun& run : report.runs()) sum += run.seconds;
  return sum;
}

std::string junit_case(const CheckedRun& run) {
  const std::string message = escaped(run.outcome.message);
  std::string out = text("    <testcase classname=\"", escaped(run.op), "\" name=\"", escaped(run.name), "\" time=\"",
                         formatted("%.6f", run.seconds), "\"");
  if (run.outcome.kind == Kind::passed) return out + "/>\n";
  out += ">\n";
  if (run.outcome.kind == Kind::failed)
    out += text("      <failure message=\"", message, "\">", message, "\n", escaped(run.command), "</failure>\n");
  else
    out += text("      <skipped message=\"", message, "\"/>\n");
  return out + "    </testcase>\n";
}

}  // namespace

std::string junit_of(std::span<const CheckReport> reports) {
  std::string out = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"lemnos check\">\n";
  for (const CheckReport& report : reports) {
    const OpRow all = report.total();
    out += text("  <testsuite name=\"", escaped(report.name()), "\" tests=\"", report.runs().size(), "\" failures=\"",
                all.failed, "\" errors=\"0\" skipped=\"", all.skipped, "\" time=\"",
                formatted("%.6f", seconds_of_runs(report)), "\">\n    <properties>\n");
    for (const auto& [key, value] : report.subject().items())
      out += text("      <property name=\"", escaped(key), "\" value=\"",
                  escaped(value.is_string() ? value.get<std::string>() : value.dump()), "\"/>\n");
    out += "    </properties>\n";
    for (const CheckedRun& run : report.runs()) out += junit_case(run);
    out += "  </testsuite>\n";
  }
  return out + "</testsuites>\n";
}

namespace {

constexpr const char* kPageStyle = R"(<style>
body { font: 15px/1.45 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; color: #1c2024; background: #fff }
table { border-collapse: collapse; margin: .6rem 0 1.4rem }
th, td { padding: .2rem .7rem; border-bottom: 1px solid #dde1e6; text-align: left; vertical-align: top }
td.n { text-align: right; font-variant-numeric: tabular-nums }
.failed { background: #fde3e1 } .passed { background: #e6f4ea } .none { color: #7a828c }
code { font-size: 13px; word-break: break-word } a { color: #0b57d0 } h2 { margin-top: 2.4rem }
@media (prefers-color-scheme: dark) { body { color: #e3e6ea; background: #16181b } th, td { border-color: #363b42 }
  .failed { background: #5b2320 } .passed { background: #1d3a26 } a { color: #8ab4f8 } }
</style>
)";

std::string device_anchor(size_t device) { return text("device", device); }
std::string pair_anchor(size_t device, const std::string& op) { return text("device", device, "-", escaped(op)); }

// Where nothing may differ, an element that does is infinitely far from right.
std::string ratio_text(double ratio) { return formatted("%.3g", ratio); }

std::string cell(size_t device, const std::string& op, const CheckReport& report) {
  const auto row = report.rows().find(op);
  if (row == report.rows().end()) return "<td class=\"none\">not run</td>";
  const OpRow& r = row->second;
  return text("<td class=\"",
              r.failed   ? "failed"
              : r.passed ? "passed"
                         : "none",
              "\"><a href=\"#", pair_anchor(device, op), "\">", r.failed ? text(r.failed, " failed, ") : "", r.passed,
              " passed</a>", r.skipped ? text(", ", r.skipped, " skipped") : "", "; ", ratio_text(r.worst_ratio),
              "</td>");
}

std::string overview(std::span<const CheckReport> reports, const std::set<std::string>& ops) {
  std::string out = "<table>\n<tr><th>op</th>";
  for (size_t i = 0; i < reports.size(); ++i)
    out += text("<th><a href=\"#", device_anchor(i), "\">", escaped(reports[i].name()), "</a></th>");
  out += "</tr>\n";
  for (const std::string& op : ops) {
    out += text("<tr id=\"op-", escaped(op), "\"><td>", escaped(op), "</td>");
    for (size_t i = 0; i < reports.size(); ++i) out += cell(i, op, reports[i]);
    out += "</tr>\n";
  }
  return out + "</table>\n";
}

std::string worst_table(std::vector<const CheckedRun*> runs) {
  constexpr size_t kWorst = 5;
  std::erase_if(runs, [](const CheckedRun* run) { return run->outcome.worst.empty(); });
  std::ranges::stable_sort(runs, std::ranges::greater{},
                           [](const CheckedRun* run) { return run->outcome.worst_ratio; });
  if (runs.size() > kWorst) runs.resize(kWorst);
  if (runs.empty()) return "<p>Every element is as the reference has it, or nothing was compared.</p>\n";
  std::string out = "<table>\n<tr><th>error / tolerance</th><th>worst element</th><th>run</th></tr>\n";
  for (const CheckedRun* run : runs)
    out += text("<tr><td class=\"n\">", ratio_text(run->outcome.worst_ratio), "</td><td>", escaped(run->outcome.worst),
                "</td><td><code>", escaped(run->name), "</code></td></tr>\n");
  return out + "</table>\n";
}

std::string failures_and_skips(const std::vector<const CheckedRun*>& runs) {
  std::string failures, skips;
  std::map<std::string, int> reasons;
  for (const CheckedRun* run : runs) {
    if (run->outcome.kind == Kind::skipped) ++reasons[run->outcome.message];
    if (run->outcome.kind == Kind::failed)
      failures += text("<tr class=\"failed\"><td><code>", escaped(run->name), "</code></td><td>",
                       escaped(run->outcome.message), "<br><code>", escaped(run->command), "</code></td></tr>\n");
  }
  for (const auto& [reason, count] : reasons)
    skips += text("<tr><td class=\"n\">", count, "</td><td>", escaped(reason), "</td></tr>\n");
  if (!failures.empty())
    failures = "<table>\n<tr><th>failed</th><th>why, and again</th></tr>\n" + failures + "</table>\n";
  if (!skips.empty()) skips = "<table>\n<tr><th>skipped</th><th>why</th></tr>\n" + skips + "</table>\n";
  return failures + skips;
}

std::string section(size_t device, const CheckReport& report, std::span<const CheckReport> reports) {
  const OpRow all = report.total();
  std::string out = text("<h2 id=\"", device_anchor(device), "\">", escaped(report.name()), "</h2>\n<p>", all.passed,
                         " passed, ", all.failed, " failed, ", all.skipped, " skipped in ",
                         formatted("%.1f", seconds_of_runs(report)), " s</p>\n<table>\n");
  for (const auto& [key, value] : report.subject().items())
    out += text("<tr><th>", escaped(key), "</th><td>",
                escaped(value.is_string() ? value.get<std::string>() : value.dump()), "</td></tr>\n");
  out += "</table>\n";
  for (const auto& [op, row] : report.rows()) {
    out +=
        text("<h3 id=\"", pair_anchor(device, op), "\"><a href=\"#op-", escaped(op), "\">", escaped(op), "</a></h3>\n");
    std::string others;
    for (size_t i = 0; i < reports.size(); ++i)
      if (i != device && reports[i].rows().contains(op))
        others += text(others.empty() ? "<p>Also on " : ", ", "<a href=\"#", pair_anchor(i, op), "\">",
                       escaped(reports[i].name()), "</a>");
    if (!others.empty()) out += others + "</p>\n";
    std::vector<const CheckedRun*> runs;
    for (const CheckedRun& run : report.runs())
      if (run.op == op) runs.push_back(&run);
    out += worst_table(runs) + failures_and_skips(runs);
  }
  return out;
}

}  // namespace

std::string html_of(std::span<const CheckReport> reports) {
  std::set<std::string> ops;
  bool passed = !reports.empty();
  for (const CheckReport& report : reports) {
    passed = passed && report.passed();
    for (const auto& [op, row] : report.rows()) ops.insert(op);
  }
  std::string out = text("<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n<title>lemnos check: ",
                         passed ? "passed" : "failed", "</title>\n", kPageStyle,
                         "<h1>lemnos check: ", passed ? "passed" : "failed", "</h1>\n",
                         "<p>Every op against the reference in double precision. Behind the counts stands the largest "
                         "error, as a multiple of what is allowed: 1 is the limit.</p>\n");
  out += overview(reports, ops);
  for (size_t i = 0; i < reports.size(); ++i) out += section(i, reports[i], reports);
  return out + "</html>\n";
}

}  // namespace lemnos::tool
