# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
# C++ in a kernel module. Included by Kbuild.
#
# Of the flags kbuild has for a C object we keep what does not depend on the language: target, code
# generation, mitigations, tracing, sanitizers. So C++ follows the kernel's configuration.

KCXX ?= $(subst clang,clang++,$(subst gcc,g++,$(CC)))

cxx-keep := -m% -f% -O% -g% --param --param=% asan-% -D__KCSAN% -DCC_USING% -Wa$(comma)%
cxx-drop := -fms-extensions -fno-builtin-wcslen -fmacro-prefix-map=% -fno-allow-store-data-races
cxx-drop += -fstrict-flex-arrays=% -fconserve-stack
# The compiler's list of call sites for ftrace names inline functions in every object, and the linker
# keeps one of each: so C++ functions are not traced (kprobes work).
cxx-drop += -pg -mfentry -mrecord-mcount -DCC_USING_FENTRY
# Module BTF cannot describe C++: debug information only without it.
ifneq ($(CONFIG_DEBUG_INFO_BTF_MODULES),)
cxx-drop += -g%
endif

cxx_lang := -std=gnu++20 -ffreestanding -fno-exceptions -fno-rtti -fno-threadsafe-statics
cxx_lang += -fno-use-cxa-atexit -fno-asynchronous-unwind-tables -fno-unwind-tables
cxx_lang += -fvisibility-inlines-hidden -funsigned-char -D__KERNEL__ -DMODULE
cxx_warn := -Wall -Wextra -Wundef -Wvla -Werror -Wframe-larger-than=1024
cxx_flags = -Wp,-MMD,$(depfile) \
	$(filter-out $(cxx-drop),$(filter $(cxx-keep),$(_c_flags) $(modkern_cflags))) \
	$(cxx_lang) $(cxx_warn) $(mapwire-include)

quiet_cmd_cxx_o_cc = CXX $(quiet_modtag)  $@
      cmd_cxx_o_cc = $(KCXX) $(cxx_flags) -c -o $@ $<

$(obj)/%.o: $(obj)/%.cc FORCE
	$(call if_changed_dep,cxx_o_cc)

# Inline functions are in several objects, in groups of sections of which the linker keeps one. So the
# C++ objects become one, without groups, before objtool notes where in it calls and returns are.
quiet_cmd_ld_cxx = LD $(quiet_modtag)  $@
      cmd_ld_cxx = $(LD) $(KBUILD_LDFLAGS) -r --force-group-allocation -o $@ $(real-prereqs) \
	$(if $(objtool-enabled), ; $(objtool) $(objtool-args) $(if $(delay-objtool),,--link) $@)
