/* SPDX-License-Identifier: MIT */
/* The methods of the socket: docs/man/domusd.8 lists them. */
#ifndef DOMUSD_API_H
#define DOMUSD_API_H

#include <stdint.h>

/* Handles one message of a client; answers go to the connection, now or later. */
void api_request(uint64_t conn, const char *line);

#endif
