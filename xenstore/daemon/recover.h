/* SPDX-License-Identifier: MIT */
/*
 * Starting where a killed predecessor stopped.
 */
#ifndef XENSTORE_DAEMON_RECOVER_H
#define XENSTORE_DAEMON_RECOVER_H

/* Brings the tree back from the journal, and remembers the domains. Before domain_init(). */
void recover_tree(void);

/* Brings back the domains: connects to those that still exist and releases the others. After
 * domain_init(). */
void recover_domains(void);

#endif
