// Many networks: k-fold cross-validation, bagging and boosting, each with its spread.
//
// One network trained once says little: another seed or other images give another number. Cross-validation says how
// large that spread is. Bagging lets it work: networks trained on different samples err in different places, and their
// mean errs less. Boosting sends each network to where those before it erred: weak ones become strong together.

#include <cmath>

#include "common.h"

using namespace experiments;
namespace selection = lemnos::selection;

struct Row {
  std::string name;
  std::vector<double> members;  // accuracies
  double together = 0;          // 0: they do not predict together
};

double share_right(const std::vector<int32_t>& predictions, const std::vector<int32_t>& labels) {
  double right = 0;
  for (size_t i = 0; i < labels.size(); ++i) right += predictions[i] == labels[i];
  return right / double(labels.size());
}

Row row_of(const std::string& name, selection::Ensemble ensemble, const lm::data::Dataset& test, bool by_vote) {
  Row row{name, {}};
  for (size_t i = 0; i < ensemble.size(); ++i) row.members.push_back(ensemble.member(i).evaluate(test).accuracy);
  row.together =
      share_right(by_vote ? ensemble.vote(test) : lm::metrics::classes_of(ensemble.average(test), 10), test.labels());
  return row;
}

// One network by seed and by fold, bagging, and boosting both ways.
std::vector<Row> rows_of(const Experiment& e, const lm::data::Split& data) {
  const auto strong = [&](uint64_t seed) {
    return lm::Trainer{
        e.device, mlp({.layers = 1, .width = 64}), {.optimizer = lm::optim::Adam{.lr = 3e-3f}, .seed = seed}};
  };
  const auto weak = [&](uint64_t seed) {  // eight units, and hardly trained
    return lm::Trainer{
        e.device, mlp({.layers = 1, .width = 8}), {.optimizer = lm::optim::Adam{.lr = 3e-3f}, .seed = seed}};
  };
  const lm::FitOptions fit{.epochs = e.size(8, 20), .batch_size = 20, .verbosity = lm::Verbosity::silent};
  const lm::FitOptions hardly{.epochs = 3, .batch_size = 20, .verbosity = lm::Verbosity::silent};
  const int64_t members = e.size(4, 10);

  std::vector<Row> rows(1, {"one network, by seed", {}});
  for (uint64_t seed = 1; seed <= uint64_t(members); ++seed) {
    lm::Trainer trainer = strong(seed);
    trainer.fit(data.train, fit);
    rows[0].members.push_back(trainer.evaluate(data.test).accuracy);
  }
  rows.push_back({"5 folds", {}});
  for (const lm::Metrics& fold : selection::cross_validate(strong, data.train, {.fit = fit}).folds)
    rows[1].members.push_back(fold.accuracy);
  rows.push_back(
      row_of("bagging", selection::bagging(strong, data.train, {.members = members, .fit = fit}), data.test, false));
  for (const selection::Boost by : {selection::Boost::resample, selection::Boost::weigh}) {
    const selection::BoostingOptions options{.members = 2 * members, .fit = hardly, .by = by};
    rows.push_back(row_of(by == selection::Boost::weigh ? "boosting by weights" : "boosting by samples",
                          selection::boosting(weak, data.train, options), data.test, true));
  }
  return rows;
}

void ensembles(Experiment& e) {
  const std::vector<Row> rows = rows_of(e, e.digits(e.size(400, 1000), e.size(500, 4000)));

  Table table({"method", "networks", "mean accuracy", "deviation", "together"});
  plot::Scatter alone{.label = "one network", .radius = 4, .opacity = .5}, together{.label = "together", .radius = 6};
  std::vector<std::string> names;
  for (const Row& row : rows) {
    const selection::Score score = selection::score_of(row.members);
    table.row(row.name, double(row.members.size()), score.mean, score.deviation,
              row.together > 0 ? std::to_string(row.together) : "");
    for (const double accuracy : row.members) {
      alone.x.push_back(double(names.size()));
      alone.y.push_back(accuracy);
    }
    if (row.together > 0) {
      together.x.push_back(double(names.size()));
      together.y.push_back(row.together);
    }
    names.push_back(row.name);
  }
  table.print();
  const plot::Panel panel{.x = {.min = -.5, .max = double(rows.size()) - .5, .names = names},
                          .y = {.title = "accuracy"},
                          .marks = {alone, together}};
  e.picture("ensembles", {.title = "One network and many", .panels = {panel}, .panel_width = 640});

  const selection::Score seeds = selection::score_of(rows[0].members), folds = selection::score_of(rows[1].members);
  e.must_see(rows[2].together > selection::score_of(rows[2].members).mean,
             "bagging: together better than its networks on average");
  for (const size_t i : {3, 4})
    e.must_see(rows[i].together > selection::score_of(rows[i].members).mean + .03,
               rows[i].name + ": weak networks become strong together");
  e.must_see(std::abs(seeds.mean - folds.mean) < .06, "the folds foretell the accuracy on the test");
}

int main(int argc, char** argv) { return run(argc, argv, "Cross-validation, bagging, boosting", ensembles); }
