# SPDX-License-Identifier: MIT
# domusd: its loop, and what its worker processes do (worker/).
domusd-objs := $(addprefix toolstack/daemon/,main.o loop.o log.o conn.o event.o api.o api_domain.o \
               api_host.o api_tune.o api_device.o job.o domain.o console.o console_log.o \
               console_pty.o) \
               $(addprefix toolstack/daemon/worker/,worker.o work_create.o work_end.o \
               work_control.o work_query.o work_recover.o work_watch.o life_check.o life_up.o \
               life_down.o life_suspend.o work_save.o life_name.o death.o dump.o life_config.o work_why.o \
               state.o tree.o find.o pool.o \
               tune/work_memory.o tune/work_vcpu.o tune/work_signal.o tune/work_stats.o \
               attach/work_device.o attach/work_resize.o attach/device_change.o attach/device_settle.o \
               attach/work_device_list.o attach/work_network.o)

$(call host_program,domusd,$(domusd-objs) $(toolstack-config-objs) $(toolstack-config-xl-objs) \
    toolstack/lib/config/config_build.o $(toolstack-json-objs) $(toolstack-stream-objs) $(toolstack-save-objs) \
    $(addprefix toolstack/lib/inspect/,kernel_symbols.o core_dump.o) \
    $(toolstack-device-objs) $(libdomus-objs) $(xenstore-client-objs),\
    $(libdomus-libs) $(if $(xenstore-client-objs),,-lxenstore) -lyajl -lmnl)
