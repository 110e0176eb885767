/* SPDX-License-Identifier: BSD-2-Clause */
/* render_csv.c - one line per address, and no other: address,server0,server1,... Names
 * have no comma and no quote, so nothing needs to be quoted; shorter lists end in empty
 * fields. */
#include "render.h"

int
render_csv(FILE *out, const struct conf *conf)
{
	unsigned depth = plan_depth(conf);
	char text[IP_TEXT];

	for (unsigned a = 0; a < conf->addresses; a++) {
		const struct conf_address *address = &conf->address[a];

		fputs(ip_format(&address->ip, text), out);
		for (unsigned tier = 0; tier < depth; tier++)
			fprintf(out, ",%s",
			    tier < address->tiers
				? conf->server[address->server[tier]].name
				: "");
		fputc('\n', out);
	}
	return 0;
}
