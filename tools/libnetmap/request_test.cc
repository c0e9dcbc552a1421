// Requests and the text of options, without a kernel.
#include <gtest/gtest.h>

#include "tools/libnetmap/context_for_test.h"

namespace mapwire::libnetmap {
namespace {

TEST(Request, HeaderIsEmptyButForTypeVersionAndBody) {
  nmreq_register reg;
  nmreq_header header;
  memset(&header, 0xff, sizeof(header));
  nmreq_header_init(&header, NETMAP_REQ_REGISTER, &reg);
  EXPECT_EQ(header.nr_version, 14);
  EXPECT_EQ(header.nr_reqtype, NETMAP_REQ_REGISTER);
  EXPECT_EQ(header.nr_reserved, 0u);
  EXPECT_EQ(header.nr_options, 0u);
  EXPECT_EQ(header.nr_body, reinterpret_cast<uintptr_t>(&reg));
  EXPECT_STREQ(header.nr_name, "");
}

TEST(Request, OptionsAreAList) {
  nmreq_header header;
  nmreq_header_init(&header, NETMAP_REQ_REGISTER, nullptr);
  nmreq_option a{}, b{}, c{}, stranger{};
  a.nro_reqtype = 1;
  b.nro_reqtype = 2;
  c.nro_reqtype = 3;
  for (nmreq_option* option : {&a, &b, &c}) nmreq_push_option(&header, option);
  std::vector<uint32_t> types;
  nmreq_option* each;
  nmreq_foreach_option(&header, each) types.push_back(each->nro_reqtype);
  EXPECT_EQ(types, (std::vector<uint32_t>{3, 2, 1}));
  EXPECT_EQ(nmreq_find_option(&header, 2), &b);
  nmreq_remove_option(&header, &stranger);
  nmreq_remove_option(&header, &b);
  EXPECT_EQ(b.nro_next, 0u);
  EXPECT_EQ(nmreq_find_option(&header, 2), nullptr);
  EXPECT_EQ(nmreq_find_option(&header, 1), &a);
  nmreq_remove_option(&header, &a);
  nmreq_remove_option(&header, &c);
  EXPECT_EQ(header.nr_options, 0u);
}

TEST(Request, OptionsAreFreed) {
  nmreq_header header;
  nmreq_header_init(&header, NETMAP_REQ_REGISTER, nullptr);
  for (int i = 0; i < 3; ++i) {
    nmreq_push_option(&header, static_cast<nmreq_option*>(calloc(1, sizeof(nmreq_option))));
  }
  nmreq_free_options(&header);  // a leak checker sees if not
  EXPECT_EQ(header.nr_options, 0u);
}

TEST(Request, OptionsHaveNames) {
  EXPECT_STREQ(nmreq_option_name(0), "unknown");
  EXPECT_STREQ(nmreq_option_name(NETMAP_REQ_OPT_EXTMEM), "extmem");
  EXPECT_STREQ(nmreq_option_name(NETMAP_REQ_OPT_SYNC_KLOOP_EVENTFDS), "sync-kloop-eventfds");
  EXPECT_STREQ(nmreq_option_name(NETMAP_REQ_OPT_CSB), "csb");
  EXPECT_STREQ(nmreq_option_name(NETMAP_REQ_OPT_SYNC_KLOOP_MODE), "sync-kloop-mode");
  EXPECT_STREQ(nmreq_option_name(NETMAP_REQ_OPT_OFFSETS), "offsets");
  EXPECT_STREQ(nmreq_option_name(NETMAP_REQ_OPT_MAX), "unknown");
}

// Options of our own: "ab" has keys one (default, mandatory), two-more (may be empty); "bare" may
// come alone; "off" is disabled; "bad" fails.
class Options : public testing::Test {
 protected:
  Options() {
    bad_.prefix = "bad";
    bad_.parse = [](nmreq_parse_ctx* p) {
      errno = p->token == nullptr ? 0 : ENOSPC;
      return -1;
    };
    bad_.default_key = -1;
    bad_.flags = NMREQ_OPTF_ALLOWEMPTY;
    off_ = bad_;
    off_.prefix = "off";
    off_.flags |= NMREQ_OPTF_DISABLED;
    off_.next = &bad_;
    bare_ = bad_;
    bare_.prefix = "bare";
    bare_.parse = Take;
    bare_.next = &off_;
    ab_.prefix = "ab";
    ab_.parse = Take;
    ab_.default_key = 4;
    ab_.nr_keys = 2;
    ab_.keys[0] = {"one", 4, NMREQ_OPTK_MUSTSET};
    ab_.keys[1] = {"two-more", 0, NMREQ_OPTK_ALLOWEMPTY};
    ab_.next = &bare_;
    instance = this;
  }

  static int Take(nmreq_parse_ctx* p) {
    instance->taken += "|";
    for (int i = 0; i < NMREQ_OPT_MAXKEYS; ++i) {
      if (p->keys[i] == nullptr) continue;
      instance->taken += " " + std::to_string(i) + "=" + p->keys[i];
    }
    EXPECT_EQ(p->ctx, &instance->context);
    EXPECT_EQ(p->token, &instance->taken);
    return 0;
  }

  // What the parsers were given, or the errno and the message.
  std::string Decode(const char* text) {
    taken.clear();
    errno = 0;
    const int result = nmreq_options_decode(text, &ab_, &taken, &context);
    const int error = errno;
    EXPECT_EQ(context.allocations, 0) << text;
    if (result == 0) return taken;
    EXPECT_EQ(result, -1);
    return std::to_string(error) + ": " + context.Message();
  }

  static inline Options* instance;
  TestContext context;
  std::string taken;
  nmreq_opt_parser ab_{}, bare_{}, off_{}, bad_{};
};

TEST_F(Options, TheyAreReadInOrder) {
  EXPECT_EQ(Decode(""), "");
  EXPECT_EQ(Decode("@ab=x"), "| 4=x");
  EXPECT_EQ(Decode("@ab:one=netmap:p{1"), "| 4=netmap:p{1");
  EXPECT_EQ(Decode("@ab:two-more=y,one=x"), "| 0=y 4=x");
  EXPECT_EQ(Decode("@ab:two_more,one=x"), "| 0= 4=x");
  EXPECT_EQ(Decode("@ab=x,two-more=y=z"), "| 0=y=z 4=x");
  EXPECT_EQ(Decode("@bare@ab=x"), "|| 4=x");
}

TEST_F(Options, MistakesAreNamed) {
  EXPECT_EQ(Decode("ab=x"), "22: options begin with @, not 'a'");
  EXPECT_EQ(Decode("@"), "22: option without a name");
  EXPECT_EQ(Decode("@bare@"), "22: option without a name");
  EXPECT_EQ(Decode("@=x"), "22: option without a name");
  EXPECT_EQ(Decode("@abc=x"), "22: unknown option 'abc'");
  EXPECT_EQ(Decode("@ab"), "22: option ab: needs a value");
  EXPECT_EQ(Decode("@ab="), "22: option ab: key one needs a value");
  EXPECT_EQ(Decode("@ab:"), "22: option ab: unknown key ''");
  EXPECT_EQ(Decode("@ab:one=x,"), "22: option ab: unknown key ''");
  EXPECT_EQ(Decode("@ab:one"), "22: option ab: key one needs a value");
  EXPECT_EQ(Decode("@ab:three=x"), "22: option ab: unknown key 'three'");
  EXPECT_EQ(Decode("@ab:one=x,one=y"), "22: option ab: key one given twice");
  EXPECT_EQ(Decode("@ab:two-more,two_more,one=y"), "22: option ab: key two-more given twice");
  EXPECT_EQ(Decode("@ab:two-more=x"), "22: option ab: key one is missing");
  EXPECT_EQ(Decode("@bare=x"), "22: option bare: needs the name of a key");
  EXPECT_EQ(Decode("@off"), "95: option off is not enabled");
}

TEST_F(Options, AParserThatFailsSaysWhy) {
  EXPECT_EQ(Decode("@bad"), "28: ");
  errno = 0;
  EXPECT_EQ(nmreq_options_decode("@bad", &ab_, nullptr, &context), -1);
  EXPECT_EQ(errno, EINVAL);
}

TEST_F(Options, NoMemory) {
  context.failing = 0;
  EXPECT_EQ(Decode("@bare"), "12: out of memory");
}

}  // namespace
}  // namespace mapwire::libnetmap
