# SPDX-License-Identifier: MIT
# Static analysis by three tools that know the language better than a compiler's warnings.
#   make analyze                   gcc -fanalyzer, clang-tidy and cppcheck on everything that is built
#   make analyze ONLY=xenstore/    the files whose paths hold this

# Each line: FLAGS|SOURCE, as the object would be compiled.
analyze-sources = $(patsubst $(B)/obj/$(1)/%.o,%.c,$(filter $(B)/obj/$(1)/%,$(sort $(all-objs))))
analyze-list = $(foreach s,$(wildcard $(call analyze-sources,$(1))),$(2) $(cflags-$(s:.c=.o))|$(s)$(newline))
define newline


endef

.PHONY: deps-analyze analyze
deps-analyze:
	@tests/machine/deps.sh analyze
analyze: deps-analyze
	$(shell mkdir -p $(B)/analyze)$(file >$(B)/analyze/commands,$(call analyze-list,hv,$(hv-flags))$(call \
	    analyze-list,host,$(host-flags))$(call analyze-list,guest,$(sdk-cppflags) $(guest-include) $(sdk-cflags)))
	@$(PYTHON) tests/analyze/analyze.py --commands $(B)/analyze/commands --cache $(B)/analyze \
	    $(if $(ONLY),--only $(ONLY))
