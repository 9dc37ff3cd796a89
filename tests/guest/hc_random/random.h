/* SPDX-License-Identifier: MIT */
/*
 * Random hypercalls from a seed: what a call looks like (ops.c), what may stand in its places
 * (pick.c), and the kernel that makes them (main.c). One vCPU's calls depend on its seed only.
 */
#ifndef RANDOM_H
#define RANDOM_H

#include "test.h"

struct random {
    uint64_t state;
    uint8_t *args;    /* a page for what the call points at: never lost */
    uint64_t *list;   /* a page of frame numbers, behind it */
    bool as_domu;
};

uint64_t random_next(struct random *r);

/*
 * Places, a letter each; the width in a structure in brackets.
 *   b (1) small number     w (2) small number     D (2) a domain
 *   u (4) small number     U (4) anything         P (4) a port        V (4) a vCPU, not 0
 *   g (4) a grant          h (4) a mapping        c (4) an interrupt  E (4) an event word's page
 *   q (8) small number     Q (8) anything         n (8) 0 to 3        x (8) a time long past
 *   m (8) a frame          T (8) one to give      e (8) an entry      t (8) its value
 *   d (8) a descriptor
 *   a (8) an address       l (8) the list         f (8) mmuext's first argument
 *   , (2)   . (4)   ; (8) nothing
 */
uint64_t pick(struct random *r, char kind);
unsigned int kind_bytes(char kind);

/* How arguments are passed. */
enum shape {
    REGISTERS,   /* the letters are the arguments */
    POINTER,     /* (pointer) */
    COMMAND,     /* (command, pointer) */
    COUNTED,     /* (command, pointer, count) */
    LISTED,      /* (pointer, count, done, domain) */
    VCPU,        /* (command, vcpu, pointer) */
    CONTROL,     /* (pointer) to {command, interface, domain} and 128 bytes of anything */
};

struct op {
    unsigned int nr, cmd;
    const char *name;
    enum shape shape;
    const char *places;
};

extern const struct op ops[];
extern const unsigned int nr_ops;

/* Frames and grants that calls play with. */
void pool_init(struct random *r);
/* The pool's pages as they were, as far as they are still ours. */
void pool_put_back(void);

/* A random call: fills *args and returns its row. */
const struct op *call_make(struct random *r, unsigned long args[5]);
long call_run(const struct op *op, unsigned long args[5]);

#endif
