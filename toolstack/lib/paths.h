/* SPDX-License-Identifier: MIT */
/* Where the toolstack keeps its things in dom0. */
#ifndef DOMUS_PATHS_H
#define DOMUS_PATHS_H

#define DOMUS_RUN_DIR   "/run/domus"
#define DOMUS_SOCKET    DOMUS_RUN_DIR "/domusd.sock"
#define DOMUS_LOCK      DOMUS_RUN_DIR "/domusd.lock"
#define DOMUS_CONSOLE_DIR DOMUS_RUN_DIR "/console" /* <domid>: leads to its terminal */
#define DOMUS_STATE_DIR "/var/lib/domus"
#define DOMUS_DEATHS    DOMUS_STATE_DIR "/deaths"
#define DOMUS_CORE_DIR  DOMUS_STATE_DIR "/cores"
#define DOMUS_AUTOSTART "/etc/domus/autostart"
#define DOMUS_LOG_DIR   "/var/log/domus"
#define DOMUS_LOG       DOMUS_LOG_DIR "/domusd.log"

/* In xenstore: the folder that says which domains are domusd's. */
#define DOMUS_STORE_DIR "/domus/domain"

#endif
