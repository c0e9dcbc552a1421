#include "testing/proof/schedule.h"

#include <algorithm>
#include <memory>
#include <optional>

#include "testing/proof/interleave.h"
#include "testing/proof/stage.h"

namespace mapwire::proof {

using ring::Direction;
using sim::ChoiceKind;
using sim::Chooser;

namespace {

void Must(bool held, const char* what) {
  if (!held) Fail(what);
}

// A descriptor as the operating system keeps it: closed when the last call on it has ended.
class Descriptor {
 public:
  explicit Descriptor(kit::Program& program) : program_(program) {}

  // A call; nothing happens on a descriptor that is closed.
  template <typename Call>
  void Enter(Call&& call) {
    if (closing_) return;
    ++inside_;
    call();
    if (--inside_ == 0 && closing_) program_.Close();
  }
  void Close() {
    if (closing_) return;
    closing_ = true;
    if (inside_ == 0) program_.Close();
  }

 private:
  kit::Program& program_;
  uint32_t inside_ = 0;
  bool closing_ = false;
};

// The suspect and the neighbour on a stage with interrupts and a device, as threads.
class Play {
 public:
  explicit Play(Chooser& chooser, sim::PlainStack* stack = nullptr)
      : stage(chooser, stack), threads(stage) {}

  // Handles interrupts until everybody else has finished.
  void Run() {
    threads.Add("interrupt", [this] {
      for (;;) {
        threads.WaitUntil([this] { return stage.nic.interrupt_raised() || actors_ == 0; });
        if (!stage.nic.interrupt_raised()) return;
        stage.port().HandleInterrupt(0);
      }
    });
    threads.Run();
  }

  void Add(std::string name, std::function<void()> body, bool mortal = false) {
    ++actors_;
    threads.Add(
        std::move(name),
        [this, body = std::move(body)] {
          body();
          --actors_;
        },
        mortal);
  }

  // The device, one step at a time.
  void AddDevice(std::vector<std::function<void()>> steps) {
    Add("device", [this, steps = std::move(steps)] {
      for (const auto& step : steps) {
        step();
        threads.Yield();
      }
    });
  }
  std::function<void()> Sends(uint16_t pair) {
    return [this, pair] { sent += stage.nic.Send(pair); };
  }
  std::function<void()> Receives(uint16_t pair) {
    return [this, pair] {
      if (stage.nic.Receive(pair, 64, 0x31)) ++received;
    };
  }

  void BindSuspect() { Must(stage.Bind(stage.suspect, 0).ok(), "the suspect cannot bind"); }
  // Takes everything that has come; returns how many slots.
  uint32_t TakeAll(kit::Program& program) {
    netmap_ring* const rx = stage.Shared(program, Direction::kRx);
    const uint32_t count = (rx->tail + kSlots - rx->head) % kSlots;
    rx->head = rx->cur = rx->tail;
    return count;
  }

  Stage stage;
  Interleaver threads;
  uint32_t sent = 0;
  uint32_t received = 0;

 private:
  uint32_t actors_ = 0;
};

// --- Sync, close, interrupt ----------------------------------------------------------------------

void SyncAgainstInterrupt(Chooser& chooser) {
  Play play(chooser);
  play.BindSuspect();
  play.stage.BindOthers();
  uint32_t taken = 0;
  play.Add("program", [&] {
    kit::Program& program = play.stage.suspect;
    for (int i = 0; i < 2; ++i) {
      play.stage.Fill(program, 0, 1, 0x32);
      Must(program.session().TxSync().ok(), "a sync fails");
      Must(program.session().RxSync().ok(), "a sync fails");
      taken += play.TakeAll(program);
    }
  });
  play.AddDevice({play.Receives(0), play.Sends(0), play.Receives(0)});
  play.stage.Remember();
  play.Run();
  play.sent += play.stage.nic.Send(0);
  Must(play.sent == 2, "a frame was not sent once");
  Must(play.stage.suspect.session().RxSync().ok(), "a sync fails");
  taken += play.TakeAll(play.stage.suspect);
  Must(taken == play.received, "a frame was not received once");
  play.stage.Judge();
  play.stage.JudgeNeighbourWorks();
}

// One thread of a program syncs, another closes the descriptor.
void SyncAgainstClose(Chooser& chooser) {
  Play play(chooser);
  play.BindSuspect();
  play.stage.BindOthers();
  Descriptor descriptor(play.stage.suspect);
  play.Add("syncs", [&] {
    for (int i = 0; i < 2; ++i) {
      descriptor.Enter([&] {
        play.stage.Fill(play.stage.suspect, 0, 1, 0x33);
        static_cast<void>(play.stage.suspect.session().TxSync());
        static_cast<void>(play.stage.suspect.session().RxSync());
      });
    }
  });
  play.Add("closes", [&] { descriptor.Close(); });
  play.AddDevice({play.Receives(0), play.Sends(0)});
  play.stage.Remember();
  play.Run();
  play.stage.Judge();
  play.stage.JudgeNeighbourWorks();
}

// One program closes while another goes on with the same ring.
void SyncAgainstCloseOfAnother(Chooser& chooser) {
  Play play(chooser);
  play.BindSuspect();
  Must(play.stage.Bind(play.stage.neighbour, 0).ok(), "a second program cannot bind");
  play.Add("syncs", [&] {
    for (int i = 0; i < 2; ++i) {
      static_cast<void>(play.stage.suspect.session().TxSync());
      static_cast<void>(play.stage.suspect.session().RxSync());
    }
  });
  play.Add("closes", [&] { play.stage.neighbour.Close(); });
  play.AddDevice({play.Receives(0), play.Receives(0)});
  play.Run();
  play.stage.Judge();
  play.stage.JudgeSuspectRecovers();
}

void CloseAgainstInterrupt(Chooser& chooser) {
  Play play(chooser);
  play.BindSuspect();
  play.stage.BindOthers();
  play.stage.Fill(play.stage.suspect, 0, 2, 0x34);
  Must(play.stage.suspect.session().TxSync().ok(), "a sync fails");
  static_cast<void>(play.stage.suspect.session().Poll(control::kPollIn, nullptr, true));
  play.Add("closes", [&] { play.stage.suspect.Close(); });
  play.AddDevice({play.Receives(0), play.Sends(0), play.Receives(1)});
  play.Run();
  play.stage.Judge();
  Must(!play.stage.nic.interrupt_raised(), "an interrupt is left");
  Must(play.stage.neighbour.session().RxSync().ok() && play.TakeAll(play.stage.neighbour) == 1,
       "the neighbour's frame was lost");
}

// --- REGISTER against REGISTER -------------------------------------------------------------------

void RegisterAgainstRegister(Chooser& chooser, bool exclusive, uint16_t second_pair) {
  Play play(chooser);
  play.stage.BindOthers();
  play.stage.neighbour.Close();
  play.stage.neighbour.Reopen();
  std::optional<Status> first;
  std::optional<Status> second;
  play.Add("first", [&] {
    kit::Program& program = play.stage.suspect;
    program.reg = kit::Registration(NR_REG_ONE_NIC, exclusive ? NR_EXCLUSIVE : 0, 0);
    first = program.Register("em0", program.reg);
  });
  play.Add("second", [&] { second = play.stage.Bind(play.stage.neighbour, second_pair); });
  play.Run();
  if (exclusive && second_pair == 0) {
    Must(first->ok() != second->ok(), "an exclusive ring has two users or none");
  } else {
    Must(first->ok() && second->ok(), "two programs cannot bind");
  }
  play.stage.Judge();
  if (first->ok()) play.stage.JudgeSuspectRecovers();
}

// A second ring is opened while the first is at work: no reset, no packet lost.
void RegisterAgainstTraffic(Chooser& chooser) {
  Play play(chooser);
  play.BindSuspect();
  uint32_t taken = 0;
  play.Add("program", [&] {
    kit::Program& program = play.stage.suspect;
    for (int i = 0; i < 2; ++i) {
      play.stage.Fill(program, 0, 1, 0x35);
      Must(program.session().TxSync().ok() && program.session().RxSync().ok(), "a sync fails");
      taken += play.TakeAll(program);
    }
  });
  play.Add("opens", [&] { Must(play.stage.Bind(play.stage.neighbour, 1).ok(), "cannot bind"); });
  play.AddDevice({play.Receives(0), play.Sends(0)});
  play.Run();
  play.sent += play.stage.nic.Send(0);
  Must(play.sent == 2, "a frame was lost when another ring was opened");
  Must(play.stage.suspect.session().RxSync().ok(), "a sync fails");
  Must(taken + play.TakeAll(play.stage.suspect) == play.received, "a received frame was lost");
  play.stage.JudgeNeighbourWorks();
}

// --- Two programs on one ring --------------------------------------------------------------------

void TwoProgramsOnOneRing(Chooser& chooser) {
  Play play(chooser);
  play.BindSuspect();
  Must(play.stage.Bind(play.stage.neighbour, 0).ok(), "a second program cannot bind");
  play.stage.Fill(play.stage.suspect, 0, 2, 0x36);
  for (kit::Program* const program : {&play.stage.suspect, &play.stage.neighbour}) {
    play.Add("syncs", [&play, program] {
      Must(program->session().TxSync().ok(), "a sync fails");
      Must(program->session().RxSync().ok(), "a sync fails");
      Must(program->session().TxSync().ok(), "a sync fails");
    });
  }
  play.AddDevice({play.Sends(0), play.Receives(0)});
  play.Run();
  play.sent += play.stage.nic.Send(0);
  Must(play.sent == 2, "a frame was sent twice, or not at all");
  play.stage.Judge();
  play.stage.JudgeSuspectRecovers();
}

// --- Poll against notify -------------------------------------------------------------------------

void PollForAFrame(Chooser& chooser, bool second_thread) {
  Play play(chooser);
  play.BindSuspect();
  play.Add("polls", [&] {
    const uint32_t answer = play.threads.Poll(play.stage.suspect, control::kPollIn);
    Must((answer & control::kPollIn) != 0, "poll ends without a frame");
  });
  // Another thread in the ring makes the sync of the poll be skipped: its leaving must wake.
  if (second_thread) {
    play.Add("syncs", [&] { static_cast<void>(play.stage.suspect.session().RxSync()); });
  }
  play.AddDevice({play.Receives(0)});
  play.Run();
}

void PollForRoom(Chooser& chooser) {
  Play play(chooser);
  play.BindSuspect();
  play.stage.Fill(play.stage.suspect, 0, kSlots - 1, 0x37);
  play.Add("polls", [&] {
    const uint32_t answer = play.threads.Poll(play.stage.suspect, control::kPollOut);
    Must((answer & control::kPollOut) != 0, "poll ends without room");
  });
  play.Add("device", [&] {
    // It sends when it is told, as devices do.
    play.threads.WaitUntil([&] { return play.stage.nic.doorbells() > 1; });
    play.Sends(0)();
  });
  play.Run();
}

// --- Link changes, removal -----------------------------------------------------------------------

void LinkAgainstSync(Chooser& chooser) {
  Play play(chooser);
  play.BindSuspect();
  play.stage.BindOthers();
  play.Add("program", [&] {
    for (int i = 0; i < 2; ++i) {
      play.stage.Fill(play.stage.suspect, 0, 1, 0x38);
      Must(play.stage.suspect.session().TxSync().ok(), "a sync fails");
    }
  });
  play.AddDevice({[&] { play.stage.nic.SetLink(false); }, play.Sends(0),
                  [&] { play.stage.nic.SetLink(true); }, play.Sends(0)});
  play.Run();
  Must(play.stage.port().carrier(), "the link is up and the port does not know");
  Must(play.stage.suspect.session().TxSync().ok(), "a sync fails");
  play.sent += play.stage.nic.Send(0);
  Must(play.sent == 2, "a frame was lost while the link was down");
  play.stage.JudgeNeighbourWorks();
}

void RemovalAgainst(Chooser& chooser, bool poll) {
  Play play(chooser);
  play.BindSuspect();
  play.stage.BindOthers();
  play.Add("program", [&] {
    if (poll) {
      const uint32_t answer = play.threads.Poll(play.stage.suspect, control::kPollIn);
      Must(answer == control::kPollErr, "poll does not tell that the device is gone");
    } else {
      play.stage.Fill(play.stage.suspect, 0, 1, 0x39);
      static_cast<void>(play.stage.suspect.session().TxSync());
      static_cast<void>(play.stage.suspect.session().RxSync());
    }
    play.stage.suspect.Close();
  });
  play.AddDevice({[&] { play.stage.nic.Unplug(); }});
  play.Run();
  Must(play.stage.neighbour.session().TxSync().error() == Errno::kIo,
       "a sync of a device that is gone succeeds");
  Must(play.stage.stranger.session().TxSync().ok(), "another port is disturbed");
}

// --- Reset ---------------------------------------------------------------------------------------

// The device forgets everything; whoever looks after it resets it, while `other` goes on. Then both
// programs must be as good as new.
void ResetAgainst(Chooser& chooser, const std::function<void(Play&)>& other) {
  Play play(chooser);
  play.BindSuspect();
  play.stage.BindOthers();
  play.stage.Fill(play.stage.suspect, 0, 1, 0x3e);
  Must(play.stage.suspect.session().TxSync().ok(), "a sync fails");
  play.Add("program", [&] { other(play); });
  play.Add("watchdog", [&] {
    play.stage.nic.Forget();
    play.threads.Yield();
    play.stage.control.Watchdog();
  });
  play.Run();
  Must(play.stage.port().counters().resets == 1, "a device that forgot was not reset");
  play.stage.Judge();
  play.stage.JudgeNeighbourWorks();
  if (play.stage.suspect.bound()) play.stage.JudgeSuspectRecovers();
}

void Syncs(Play& play) {
  for (int i = 0; i < 2; ++i) {
    play.stage.Fill(play.stage.suspect, 0, 1, 0x3f);
    Must(play.stage.suspect.session().TxSync().ok(), "a sync fails");
    Must(play.stage.suspect.session().RxSync().ok(), "a sync fails");
  }
}

// A frame that comes after the reset must wake who slept through it.
void PollsThroughAReset(Chooser& chooser) {
  Play play(chooser);
  play.BindSuspect();
  play.Add("polls", [&] {
    Must(play.threads.Poll(play.stage.suspect, control::kPollIn) == control::kPollIn,
         "poll ends without a frame");
  });
  play.Add("watchdog", [&] {
    play.stage.nic.Forget();
    play.threads.Yield();
    play.stage.control.Watchdog();
    play.threads.Yield();
    Must(play.stage.nic.Receive(0, 64, 0x41), "no room after a reset");
  });
  play.Run();
}

// --- The host's own traffic ----------------------------------------------------------------------

// What Linux does with a device, every step of it open to others. The line stands from each frame
// until the device is known to have sent it.
class HostLine final : public sim::PlainStack {
 public:
  HostLine() : PlainStack("em0") { byte_limit = 1; }

 private:
  void Wake(uint16_t) override {}
};

// The host sends frames by pair 0, while `other` goes on: each is sent, or is the program's
// business, and the line does not stand still.
class HostPlay {
 public:
  static constexpr uint32_t kFrames = 2;

  HostPlay(Chooser& chooser, bool at_once) : play(chooser, &line) {
    play.stage.nic.sends_at_once = at_once;
  }

  void Run() {
    play.Add("host", [this] {
      for (uint32_t i = 0; i < kFrames; ++i) line.Send(0, std::vector<uint8_t>(60, 0x50));
    });
    play.Add("poll", [this] {
      for (;;) {
        play.threads.WaitUntil([this] { return line.scheduled(0) || Done(); });
        if (!line.scheduled(0)) return;
        line.Poll(0);
      }
    });
    if (!play.stage.nic.sends_at_once) {
      play.Add("device", [this] {
        for (;;) {
          play.threads.WaitUntil([this] { return play.stage.nic.HasWork(0) || Done(); });
          if (!play.stage.nic.HasWork(0)) return;
          play.stage.nic.Send(0);
        }
      });
    }
    play.Run();
    Must(ended() == kFrames, "a frame of the host is lost");
  }
  // All that the host gave to the device.
  void MustHaveSent(uint32_t more = 0) {
    Must(play.stage.nic.sent(0) == line.counters().sent + more, "a frame of the host was not sent");
  }

  // Every frame has ended somewhere, and the device has told of those it got.
  bool Done() const { return ended() == kFrames && line.outstanding(0) == 0; }

  HostLine line;
  Play play;

 private:
  uint64_t ended() const { return line.counters().sent + line.counters().program_has_queue; }
};

void HostSends(Chooser& chooser, bool at_once) {
  HostPlay host(chooser, at_once);
  host.Run();
  host.MustHaveSent();
  host.play.stage.Judge();
}

// A program takes what it takes of the pair, and gives it back; `stays`: when the host has done.
void HostAgainstProgram(Chooser& chooser, bool at_once, uint64_t flags, bool stays) {
  HostPlay host(chooser, at_once);
  host.play.Add("program", [&host, flags, stays] {
    kit::Program& program = host.play.stage.suspect;
    program.reg = kit::Registration(NR_REG_ONE_NIC, flags, 0);
    Must(program.Register("em0", program.reg).ok(), "the program cannot bind");
    if (stays) host.play.threads.WaitUntil([&host] { return host.Done(); });
    program.Close();
  });
  host.Run();
  host.MustHaveSent();
  host.play.stage.Judge();
}

void HostAgainstReset(Chooser& chooser, bool at_once) {
  HostPlay host(chooser, at_once);
  host.play.Add("watchdog", [&host] {
    host.play.stage.nic.Forget();
    host.play.threads.Yield();
    host.play.stage.control.Watchdog();
  });
  host.Run();
  Must(host.play.stage.port().counters().resets == 1, "a device that forgot was not reset");
  host.play.stage.Judge();
}

// --- Kills and closes ----------------------------------------------------------------------------

// What a program does in its life; it ends at the end of the call in which it is killed.
void Live(Play& play, kit::Program& program, uint16_t pair) {
  const std::vector<std::function<void()>> calls = {
      [&] { Must(play.stage.Bind(program, pair, 2).ok(), "cannot bind"); },
      [&] {
        play.stage.Fill(program, pair, 2, 0x3a);
        Must(program.session().TxSync().ok(), "a sync fails");
      },
      [&] { play.threads.Poll(program, control::kPollIn); },
      [&] {
        play.TakeAll(program);
        Must(program.session().RxSync().ok(), "a sync fails");
      },
      [&] { play.threads.Poll(program, control::kPollOut); },
  };
  for (const auto& call : calls) {
    call();
    if (play.threads.killed()) break;
  }
  program.Close();
}

void Killed(Chooser& chooser) {
  Play play(chooser);
  play.stage.BindOthers();
  play.stage.Remember();
  play.Add(
      "program", [&] { Live(play, play.stage.suspect, 0); }, true);
  // The device moves when the receive buffers and the frames have been handed over.
  const uint64_t handed_over = play.stage.nic.doorbells() + 2;
  play.Add("device", [&] {
    play.threads.WaitUntil(
        [&] { return !play.stage.suspect.open() || play.stage.nic.doorbells() >= handed_over; });
    play.Receives(0)();
    play.threads.Yield();
    play.Sends(0)();
  });
  play.Run();
  play.stage.Judge();
  play.stage.JudgeNeighbourWorks();
  play.stage.suspect.Reopen();
  play.BindSuspect();
  play.stage.JudgeSuspectRecovers();
}

// Three descriptors, one of them of the same ring as another, closed in every order while the
// device moves.
void ClosedInEveryOrder(Chooser& chooser) {
  Stage stage(chooser);
  stage.BindOthers();
  Must(stage.Bind(stage.suspect, 0, 2).ok(), "cannot bind");
  kit::Program second(stage.control);
  Must(stage.Bind(second, 0).ok(), "cannot bind");
  stage.Fill(stage.suspect, 0, 2, 0x3b);
  Must(stage.suspect.session().TxSync().ok(), "a sync fails");
  std::vector<kit::Program*> open = {&stage.suspect, &second, &stage.neighbour, &stage.stranger};
  while (!open.empty()) {
    // The device first, or not.
    if (chooser.Choose(ChoiceKind::kScenario, 2) == 1) {
      stage.nic.Send(0);
      stage.nic.Receive(0, 64, 0x3c);
      stage.nic.Receive(1, 64, 0x3d);
      if (stage.nic.interrupt_raised()) stage.port().HandleInterrupt(0);
    }
    const uint32_t which =
        chooser.Choose(ChoiceKind::kScenario, static_cast<uint32_t>(open.size()));
    open[which]->Close();
    open.erase(open.begin() + which);
    for (kit::Program* const program : open) {
      Must(program->session().TxSync().ok(), "a sync fails after somebody else has closed");
      Must(program->session().RxSync().ok(), "a sync fails after somebody else has closed");
    }
  }
}

}  // namespace

std::vector<Script> ScheduleScripts() {
  static constexpr uint32_t kAny = 1000;
  const Bounds two = {{ChoiceKind::kPreempt, 2}, {ChoiceKind::kSwitch, kAny}};
  std::vector<Script> scripts;
  const auto add = [&](std::string name, std::function<void(Chooser&)> run) {
    scripts.push_back({std::move(name), std::move(run), two});
  };
  add("sync-against-interrupt", SyncAgainstInterrupt);
  add("sync-against-close", SyncAgainstClose);
  add("sync-against-close-of-another", SyncAgainstCloseOfAnother);
  add("close-against-interrupt", CloseAgainstInterrupt);
  add("register-against-register",
      [](Chooser& chooser) { RegisterAgainstRegister(chooser, false, 0); });
  add("register-against-register-of-another-ring",
      [](Chooser& chooser) { RegisterAgainstRegister(chooser, false, 1); });
  add("register-exclusive-against-register",
      [](Chooser& chooser) { RegisterAgainstRegister(chooser, true, 0); });
  add("register-against-traffic", RegisterAgainstTraffic);
  add("two-programs-on-one-ring", TwoProgramsOnOneRing);
  add("poll-against-notify", [](Chooser& chooser) { PollForAFrame(chooser, false); });
  add("poll-against-notify-and-sync", [](Chooser& chooser) { PollForAFrame(chooser, true); });
  add("poll-for-room-against-notify", PollForRoom);
  add("link-against-sync", LinkAgainstSync);
  add("reset-against-sync", [](Chooser& chooser) { ResetAgainst(chooser, Syncs); });
  add("reset-against-close", [](Chooser& chooser) {
    ResetAgainst(chooser, [](Play& play) { play.stage.suspect.Close(); });
  });
  add("reset-against-register", [](Chooser& chooser) {
    ResetAgainst(chooser, [](Play& play) {
      play.stage.suspect.Close();
      play.stage.suspect.Reopen();
      play.BindSuspect();
    });
  });
  add("reset-against-poll", PollsThroughAReset);
  for (const bool at_once : {false, true}) {
    const std::string device = at_once ? "-of-a-quick-device" : "";
    // Four threads or five, and a long way through REGISTER and close: less of each.
    const auto add_host = [&](const std::string& name, uint32_t preemptions,
                              std::function<void(Chooser&)> run) {
      const uint32_t switches = at_once ? kAny : 2;
      scripts.push_back({"host-" + name + device,
                         std::move(run),
                         {{ChoiceKind::kPreempt, preemptions}, {ChoiceKind::kSwitch, switches}}});
    };
    add_host("sends", at_once ? 2 : 1, [=](Chooser& chooser) { HostSends(chooser, at_once); });
    add_host("against-program", 1,
             [=](Chooser& chooser) { HostAgainstProgram(chooser, at_once, 0, false); });
    add_host("against-receiver", 1, [=](Chooser& chooser) {
      HostAgainstProgram(chooser, at_once, NR_RX_RINGS_ONLY, false);
    });
    add_host("beside-receiver", 1, [=](Chooser& chooser) {
      HostAgainstProgram(chooser, at_once, NR_RX_RINGS_ONLY, true);
    });
    add_host("against-sender", 1, [=](Chooser& chooser) {
      HostAgainstProgram(chooser, at_once, NR_TX_RINGS_ONLY, false);
    });
    add_host("against-reset", 1, [=](Chooser& chooser) { HostAgainstReset(chooser, at_once); });
  }
  add("removal-against-sync", [](Chooser& chooser) { RemovalAgainst(chooser, false); });
  add("removal-against-poll", [](Chooser& chooser) { RemovalAgainst(chooser, true); });
  return scripts;
}

std::vector<Script> KillScripts() {
  return {
      {"killed-at-every-point", Killed, {{ChoiceKind::kKill, 1}}},
      {"killed-at-every-point-and-preempted",
       Killed,
       {{ChoiceKind::kKill, 1}, {ChoiceKind::kPreempt, 1}}},
      {"closed-in-every-order", ClosedInEveryOrder, {{ChoiceKind::kScenario, 1000}}},
  };
}

}  // namespace mapwire::proof
