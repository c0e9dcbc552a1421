#include "sim/stress/runner.h"

#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace mapwire::sim {
namespace {

// What a child tells of its run, on one pipe: fixed numbers, then three texts of known lengths.
struct Message {
  uint64_t events;
  Time virtual_time;
  uint64_t frames;
  Coverage coverage;
  uint64_t text_bytes[3];
};

void WriteAll(int fd, const void* from, size_t bytes) {
  for (size_t done = 0; done < bytes;) {
    const ssize_t n = write(fd, static_cast<const char*>(from) + done, bytes - done);
    if (n <= 0) _exit(3);
    done += static_cast<size_t>(n);
  }
}

std::string ReadAll(int fd) {
  std::string all;
  char part[4096];
  for (;;) {
    const ssize_t n = read(fd, part, sizeof(part));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return all;
    all.append(part, static_cast<size_t>(n));
  }
}

[[noreturn]] void Child(const Plan& plan, const RunnerOptions& options, int results) {
  signal(SIGALRM, SIG_DFL);
  alarm(options.wall_seconds);
  const Outcome outcome = RunScene(plan);
  Message message{outcome.events, outcome.virtual_time, outcome.frames, outcome.coverage, {}};
  const std::string* const texts[] = {&outcome.failure, &outcome.faults, &outcome.hash};
  for (int i = 0; i < 3; ++i) message.text_bytes[i] = texts[i]->size();
  WriteAll(results, &message, sizeof(message));
  for (const std::string* const text : texts) WriteAll(results, text->data(), text->size());
  _exit(0);
}

bool Parse(const std::string& told, Outcome& outcome) {
  Message message;
  if (told.size() < sizeof(message)) return false;
  std::memcpy(&message, told.data(), sizeof(message));
  outcome.events = message.events;
  outcome.virtual_time = message.virtual_time;
  outcome.frames = message.frames;
  outcome.coverage = message.coverage;
  std::string* const texts[] = {&outcome.failure, &outcome.faults, &outcome.hash};
  size_t at = sizeof(message);
  for (int i = 0; i < 3; ++i) {
    if (message.text_bytes[i] > told.size() - at) return false;
    texts[i]->assign(told, at, message.text_bytes[i]);
    at += message.text_bytes[i];
  }
  return true;
}

// What ended a child that told nothing, and the lines that say why: of a check or a sanitizer.
std::string Crash(int status, const std::string& said) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return "hang: a run does not end";
  std::string why;
  for (size_t at = 0; at < said.size();) {
    const size_t end = std::min(said.find('\n', at), said.size());
    const std::string line = said.substr(at, end - at);
    at = end + 1;
    for (const char* const mark : {"check failed", "ERROR: ", "runtime error", "are left"}) {
      if (why.empty() && line.find(mark) != std::string::npos) why = line;
    }
  }
  if (why.empty()) why = said.substr(0, 400);
  if (WIFSIGNALED(status)) return fmt::format("crash: signal {}: {}", WTERMSIG(status), why);
  return fmt::format("crash: status {}: {}", WEXITSTATUS(status), why);
}

}  // namespace

Outcome RunInChild(const Plan& plan, const RunnerOptions& options) {
  int results[2];
  FILE* const said = std::tmpfile();
  if (said == nullptr || pipe(results) != 0) {
    std::perror("mapwire stress");
    std::exit(1);
  }
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) {
    std::perror("mapwire stress");
    std::exit(1);
  }
  if (child == 0) {
    close(results[0]);
    dup2(fileno(said), STDERR_FILENO);
    Child(plan, options, results[1]);
  }
  close(results[1]);
  const std::string told = ReadAll(results[0]);
  close(results[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  Outcome outcome;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !Parse(told, outcome)) {
    std::rewind(said);
    outcome.failure = Crash(status, ReadAll(fileno(said)));
  }
  std::fclose(said);
  return outcome;
}

namespace {

class Shrinker {
 public:
  Shrinker(const Plan& plan, const Outcome& outcome, uint32_t most_runs,
           const std::function<Outcome(const Plan&)>& run)
      : result_{plan, outcome, 0}, kind_(outcome.kind()), most_runs_(most_runs), run_(run) {}

  Shrunk Run() {
    for (bool smaller = true; smaller;) {
      smaller = DropFaults();
      smaller = DropPrograms() || smaller;
      smaller = DropKills() || smaller;
    }
    NarrowRules();
    return result_;
  }

 private:
  // Takes the smaller plan if it fails in the same way.
  bool Try(const Plan& plan) {
    if (result_.runs >= most_runs_) return false;
    ++result_.runs;
    Outcome outcome = run_(plan);
    if (outcome.kind() != kind_) return false;
    result_.plan = plan;
    result_.outcome = std::move(outcome);
    return true;
  }

  // Half of them, a quarter, ... and each alone.
  template <typename Item>
  bool Drop(std::vector<Item> Plan::*items) {
    bool smaller = false;
    for (size_t some = (result_.plan.*items).size(); some > 0; some /= 2) {
      for (size_t at = 0; at < (result_.plan.*items).size();) {
        Plan plan = result_.plan;
        std::vector<Item>& all = plan.*items;
        const size_t end = std::min(at + some, all.size());
        all.erase(all.begin() + static_cast<ptrdiff_t>(at),
                  all.begin() + static_cast<ptrdiff_t>(end));
        if (Try(plan)) {
          smaller = true;
        } else {
          at += some;
        }
      }
    }
    return smaller;
  }
  bool DropFaults() { return Drop(&Plan::faults); }
  bool DropPrograms() { return Drop(&Plan::programs); }

  bool DropKills() {
    bool smaller = false;
    for (size_t i = 0; i < result_.plan.programs.size(); ++i) {
      Plan plan = result_.plan;
      if (plan.programs[i].kills == 0) continue;
      plan.programs[i].kills = 0;
      smaller = Try(plan) || smaller;
    }
    return smaller;
  }

  // As few strikes as will do.
  void NarrowRules() {
    for (size_t i = 0; i < result_.plan.faults.size(); ++i) {
      for (uint64_t most = 1; most <= 16; most *= 2) {
        Plan plan = result_.plan;
        FaultRule& rule = plan.faults[i].rule;
        if (rule.most != 0 && rule.most <= most) break;
        rule.most = most;
        if (Try(plan)) break;
      }
    }
  }

  Shrunk result_;
  const std::string kind_;
  const uint32_t most_runs_;
  const std::function<Outcome(const Plan&)>& run_;
};

}  // namespace

Shrunk Shrink(const Plan& plan, const Outcome& outcome, uint32_t most_runs,
              const std::function<Outcome(const Plan&)>& run) {
  return Shrinker(plan, outcome, most_runs, run).Run();
}

}  // namespace mapwire::sim
