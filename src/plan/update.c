/* SPDX-License-Identifier: BSD-2-Clause */
/* update.c - `vlbplan --update`: another cluster in the same file, with as few addresses
 * as possible changing their primary.
 *
 * change.c finds the new lists, rewrite.c the new text, replace.c puts it in its place.
 * Before that the text is read back, as vlbd would: what does not say what was meant is
 * not written. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "change.h"
#include "cluster.h"
#include "commands.h"
#include "load.h"
#include "replace.h"
#include "rewrite.h"

/* Both say the same of servers and lists. The order of servers may differ. */
static bool
is_same(const struct conf *a, const struct conf *b)
{
	if (a->servers != b->servers || a->addresses != b->addresses)
		return false;
	for (unsigned i = 0; i < a->addresses; i++) {
		const struct conf_address *x = &a->address[i], *y = &b->address[i];

		if (!ip_equal(&x->ip, &y->ip) || x->tiers != y->tiers)
			return false;
		for (unsigned tier = 0; tier < x->tiers; tier++)
			if (strcmp(a->server[x->server[tier]].name,
				b->server[y->server[tier]].name) != 0)
				return false;
	}
	return true;
}

/* The new text, which the caller frees. NULL: told. */
static char *
new_text(const struct document *document, const struct change *change, size_t *size)
{
	char *text = NULL;
	FILE *out = open_memstream(&text, size);

	if (out == NULL || rewrite(out, document->text, document->size, change->before,
			       change->after) != 0) {
		run_error("out of memory");
		if (out != NULL)
			fclose(out);
		free(text);
		return NULL;
	}
	if (fclose(out) != 0) {
		run_error("out of memory");
		free(text);
		return NULL;
	}
	return text;
}

/* Read TEXT as vlbd would. 0, or an exit status: told. */
static int
read_back(const char *path, char *text, size_t size, const struct conf *after)
{
	struct conf *conf = calloc(1, sizeof *conf);
	FILE *file = fmemopen(text, size, "r");
	int status = 0;

	if (conf == NULL || file == NULL)
		status = run_error("out of memory");
	else if (load_stream(file, path, true, conf) != 0)
		status =
		    run_error("with these changes %s would be wrong, for the reasons "
			      "above (lines are counted in the new text); the file "
			      "is as it was",
			path);
	else if (!is_same(conf, after))
		status = run_error("the new text of %s would not say what it should; the "
				   "file is as it was. Please report this, with the file",
		    path);
	if (file != NULL)
		fclose(file);
	free(conf);
	return status;
}

static int
finish(const struct options *options, const struct document *document,
    const struct change *change, char *text, size_t size)
{
	int status = read_back(options->config, text, size, change->after);

	if (status != 0)
		return status;
	if (options->dry_run) {
		fwrite(text, 1, size, stdout);
		change_explain(stderr, change, options->config);
		return output_end();
	}
	if (size == document->size && memcmp(text, document->text, size) == 0) {
		printf("%s says so already; nothing is changed\n", options->config);
		return output_end();
	}
	status = document_replace(document, text, size);
	if (status != 0)
		return status;
	change_explain(stdout, change, options->config);
	return output_end();
}

int
update_main(const struct options *options)
{
	struct document document;
	struct change change = { .before = NULL };
	char *text = NULL;
	size_t size = 0;
	int status = document_open(&document, options->config);

	if (status == 0)
		status = change_make(&change, options, document.text, document.size);
	if (status == 0) {
		text = new_text(&document, &change, &size);
		status = text == NULL ? EXIT_FAILURE
				      : finish(options, &document, &change, text, size);
	}
	free(text);
	change_free(&change);
	document_close(&document);
	return status;
}
