"""Who may include whom: the house rules as data. includes.py knows how to apply them.

The first zone that matches a file holds. It allows the project paths in `allow` and the system
headers in `system`. Patterns are shell patterns whose * also matches /; {own} stands for the first
two folders of the file.
"""

from collections import namedtuple

Zone = namedtuple("Zone", ["name", "files", "allow", "system"])

ANY = ("*",)
EVERYTHING = ("core/*", "drivers/*", "kernel/*", "sim/*", "testing/*", "tools/*",
              "platform_backend/*")

# Headers without an operating system behind them, which compile under kernel flags too.
FREESTANDING = tuple("""
    algorithm array atomic bit compare concepts cstdarg cstddef cstdint initializer_list limits new
    optional span string_view tuple type_traits utility
""".split())

# Inside core: a folder, and the other core folders it may include. core/abi is a zone of its own.
CORE_EDGES = {
    "base": (),
    "platform": ("base",),
    "hw": ("base", "platform"),
    "memory": ("base", "platform", "abi"),
    "ring": ("base", "platform", "memory", "abi"),
    "port": ("base", "platform", "memory", "abi", "ring"),
    "nic": ("base", "platform", "hw", "memory", "ring", "port", "abi"),
    "vale": ("base", "platform", "memory", "abi", "ring", "port"),
    "control": ("*",),
}

DRIVERS_SEE = ("core/base/*", "core/platform/*", "core/hw/*", "core/nic/*")
TESTS = ("*_test.cc", "*_test.h", "*_test.c", "*_test_device.h", "*_fuzz.cc")


def tests_in(folder):
    return tuple(folder + "/" + pattern for pattern in TESTS)


def core_zone(folder, edges):
    allow = ("{own}/*",) + tuple("core/%s/*" % edge if edge != "*" else "core/*" for edge in edges)
    if folder == "platform":
        allow += ("platform_backend/*",)
    return Zone("core/" + folder, ("core/%s/*" % folder,), allow, FREESTANDING)


ZONES = (
    # The headers programs compile against, and the programs that prove it, see a whole system.
    Zone("core/abi", ("core/abi/*",), ("core/abi/*",), ANY),
    Zone("tests of core", tests_in("core"),
         ("core/*", "testing/*", "sim/platform/*", "platform_backend/*"), ANY),
    *(core_zone(folder, edges) for folder, edges in CORE_EDGES.items()),

    # Registers are data: models include them, so they bring nothing of the driver.
    Zone("registers of a driver", ("drivers/*/*_regs.h",), ("core/base/*", "core/hw/*"),
         FREESTANDING),
    Zone("tests of drivers", tests_in("drivers"),
         ("core/*", "{own}/*", "testing/*", "sim/platform/*"), ANY),
    Zone("driver registry", ("drivers/registry*",), DRIVERS_SEE + ("drivers/*",), FREESTANDING),
    Zone("driver", ("drivers/*/*",), DRIVERS_SEE + ("{own}/*",), FREESTANDING),

    Zone("kernel/shim", ("kernel/shim/*",), ("kernel/os_abi.h", "kernel/shim/*"),
         ("linux/*", "asm/*", "net/*", "uapi/*", "generated/*")),
    # Both sides read the border; what C takes for <cstdint> is Linux's.
    Zone("kernel/os_abi.h", ("kernel/os_abi.h",), (), FREESTANDING + ("linux/*",)),
    # os_sizes.h is made from Linux's headers when the module is built.
    Zone("kernel", ("kernel/*",),
         ("core/*", "drivers/*", "kernel/*.h", "platform_backend/*", "os_sizes.h"), FREESTANDING),

    Zone("sim/world and sim/demo", ("sim/world/*", "sim/demo/*"), EVERYTHING, ANY),
    Zone("platform backend", ("sim/platform/*",),
         ("core/base/*", "core/platform/*", "sim/*", "platform_backend/*"), ANY),
    # Faults of a model see what it sees.
    Zone("model NIC", ("sim/nic/*", "sim/nics/*", "sim/faults/*"),
         ("drivers/*/*_regs.h", "core/hw/*", "core/base/*", "sim/*"), ANY),
    Zone("tests of the simulator", tests_in("sim"),
         ("core/*", "drivers/registry*", "sim/*", "testing/*", "platform_backend/*"), ANY),
    Zone("sim", ("sim/*",), ("core/*", "drivers/registry*", "sim/*", "platform_backend/*"), ANY),

    Zone("testing", ("testing/*",), EVERYTHING, ANY),
    # Tools are netmap programs like any other; their tests run them in a world.
    Zone("tests of tools", tests_in("tools"), EVERYTHING, ANY),
    Zone("tools", ("tools/*",), ("core/abi/*", "tools/libnetmap/*", "{own}/*"), ANY),
)

# Our own public headers are included as programs do: by their name under core/abi.
ANGLE_ALIASES = (("net/netmap*.h", "core/abi/"), ("libnetmap.h", "tools/libnetmap/"))

# Only these may see anything of the platform they are built for.
PLATFORM_IF_FREE = ("core/*", "drivers/*", "kernel/module/*", "kernel/platform/*")
PLATFORM_IF_EXEMPT = ("core/platform/*", "core/abi/*", "kernel/platform/platform_backend/*")
PLATFORM_MACROS = tuple(r"""
    __linux\w* __KERNEL__ KERNEL_VERSION LINUX_VERSION_CODE CONFIG_\w+ __unix\w* __FreeBSD\w*
    __APPLE__ _WIN32 _WIN64 __SANITIZE_\w+ __SANITIZER_\w+ __has_feature __STDC_HOSTED__
    __x86_64\w* __i386\w* __aarch64\w* __arm\w* MAPWIRE_\w*BACKEND\w* MAPWIRE_KERNEL\w*
    MAPWIRE_SIM\w* MAPWIRE_COST\w* MODULE __GLIBC__
""".split())
