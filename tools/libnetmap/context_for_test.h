// A context that remembers what it was told, counts what it gave, and can run out of memory.
#ifndef TOOLS_LIBNETMAP_CONTEXT_FOR_TEST_H_
#define TOOLS_LIBNETMAP_CONTEXT_FOR_TEST_H_

#include <libnetmap.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace mapwire::libnetmap {

// The default context as long as it lives. nmctx comes first, so that callbacks find the rest.
struct TestContext : nmctx {
  TestContext() : nmctx() {
    verbose = 1;
    error = [](nmctx* self, const char* message) { Of(self).messages.push_back(message); };
    malloc = [](nmctx* self, size_t size) -> void* {
      TestContext& context = Of(self);
      if (context.failing >= 0 && context.failing-- == 0) return nullptr;
      ++context.allocations;
      return std::malloc(size);
    };
    free = [](nmctx* self, void* memory) {
      --Of(self).allocations;
      std::free(memory);
    };
    lock = [](nmctx* self, int locked) {
      TestContext& context = Of(self);
      context.locked += locked != 0 ? 1 : -1;
      if (context.locked != 0 && context.locked != 1) context.messages.push_back("lock broken");
    };
    before = nmctx_set_default(this);
  }
  ~TestContext() { nmctx_set_default(before); }
  TestContext(const TestContext&) = delete;
  TestContext& operator=(const TestContext&) = delete;

  static TestContext& Of(nmctx* self) { return *static_cast<TestContext*>(self); }

  // The only message since the last call; "" if there was none.
  std::string Message() {
    std::string all;
    for (const std::string& message : messages) all += (all.empty() ? "" : "\n") + message;
    messages.clear();
    return all;
  }

  std::vector<std::string> messages;
  int allocations = 0;  // that were not freed
  int failing = -1;     // so many allocations more, then one that fails
  int locked = 0;
  nmctx* before;
};

}  // namespace mapwire::libnetmap

#endif  // TOOLS_LIBNETMAP_CONTEXT_FOR_TEST_H_
