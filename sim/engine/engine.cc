#include "sim/engine/engine.h"

namespace mapwire::sim {

bool Engine::Step() {
  if (queue_.empty()) return false;
  const Event event = queue_.top();
  queue_.pop();
  now_ = event.at;
  ++events_run_;
  event.target->OnEvent(event.argument);
  return true;
}

bool Engine::StepUpTo(Time limit) { return !queue_.empty() && queue_.top().at <= limit && Step(); }

void Engine::RunUntil(Time end) {
  while (!queue_.empty() && queue_.top().at <= end) Step();
  if (now_ < end) now_ = end;
}

}  // namespace mapwire::sim
