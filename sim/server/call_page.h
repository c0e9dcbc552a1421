// The server's end of a call page (sim/shim/protocol.h): short requests without system calls.
#ifndef SIM_SERVER_CALL_PAGE_H_
#define SIM_SERVER_CALL_PAGE_H_

#include "sim/shim/protocol.h"

namespace mapwire::sim {

// The program can write all of the page at any time. What it wrote is taken once, and checked.
class ServerCallPage {
 public:
  ServerCallPage() = default;
  ~ServerCallPage() { Close(); }
  ServerCallPage(const ServerCallPage&) = delete;
  ServerCallPage& operator=(const ServerCallPage&) = delete;

  // Makes the page. A descriptor of it, the caller's, or -1: there is no memory, and no page.
  int Open();
  void Close();

  // A request stands in it that was not taken.
  bool Posted() const;
  // Takes the request, if one stands in it: kCalled. kBroken: it is none that may be here.
  enum class Look { kNothing, kCalled, kBroken };
  Look Take(remote::Message& message);
  // Answers the request that was taken, with no more data than it had. kAsleep: the program waits
  // on its channel, and the reply must go there. kBroken: the program changed the page meanwhile.
  enum class Delivery { kDone, kAsleep, kBroken };
  Delivery Answer(const remote::Message& reply);
  // Whether kLook is needed from now on. After `true`, Posted must be asked once more.
  void SetServerSleeps(bool sleeps);

 private:
  remote::CallPage* page_ = nullptr;
};

}  // namespace mapwire::sim

#endif  // SIM_SERVER_CALL_PAGE_H_
