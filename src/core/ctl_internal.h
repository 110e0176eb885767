/* SPDX-License-Identifier: BSD-2-Clause */
/* ctl_internal.h - what the files of the control protocol share, and nobody else.
 *
 *   ctl.c         requests in
 *   ctl_json.c    answers for programs
 *   ctl_table.c   answers for people */
#ifndef VLBD_CTL_INTERNAL_H
#define VLBD_CTL_INTERNAL_H

#include "out.h"
#include "vlbd/ctl.h"

#define NEVER UINT64_MAX

/* The name of a server, or NULL for CONF_NONE. */
const char *ctl_owner_name(const struct engine *engine, int owner);

void ctl_json(struct out *out, const struct engine *engine, enum ctl_command command,
    uint64_t now_ns);
void ctl_table(struct out *out, const struct engine *engine, enum ctl_command command,
    uint64_t now_ns);

#endif
