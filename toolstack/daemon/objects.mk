# SPDX-License-Identifier: MIT
# domusd: its loop, and what its worker processes do (worker/).
domusd-objs := $(addprefix toolstack/daemon/,main.o loop.o log.o conn.o api.o api_domain.o \
               api_host.o job.o domain.o console.o console_log.o) \
               $(addprefix toolstack/daemon/worker/,worker.o work_create.o work_end.o \
               work_control.o work_query.o work_recover.o work_watch.o life_check.o life_up.o \
               life_down.o life_crash.o life_suspend.o work_save.o state.o tree.o)

$(call host_program,domusd,$(domusd-objs) $(toolstack-config-objs) $(toolstack-config-xl-objs) \
    $(toolstack-json-objs) $(toolstack-stream-objs) $(toolstack-save-objs) \
    $(toolstack-device-objs) $(libdomus-objs) $(xenstore-client-objs),\
    $(libdomus-libs) $(if $(xenstore-client-objs),,-lxenstore) -lyajl -lmnl)
