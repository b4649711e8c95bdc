// pfcp_apps.c - see pfcp_apps.h.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include "tests/unit/pfcp_apps.h"

void apps_put(struct pfcp_writer *writer, const char *id, const char *const *texts)
{
	uint8_t *mark, *context;

	pfcp_begin(writer, PFCP_IE_APPLICATION_IDS_PFDS, &mark);
	pfcp_put_text(writer, PFCP_IE_APPLICATION_ID, id);
	if (*texts)
		pfcp_begin(writer, PFCP_IE_PFD_CONTEXT, &context);
	for (unsigned i = 0; texts[i]; i++) {
		struct pfcp_pfd pfd = { 0 };

		pfd.part[!strncmp(texts[i], "http", 4)] = (struct pfcp_piece){ texts[i], (uint16_t)strlen(texts[i]) };
		pfcp_put_pfd(writer, PFCP_IE_PFD_CONTENTS, &pfd);
	}
	if (*texts)
		pfcp_end(writer, context);
	pfcp_end(writer, mark);
}

void apps_know(struct pfds *pfds, const char *id, const char *const *texts)
{
	static struct pfcp_tree tree;
	uint8_t bytes[8192];
	struct pfcp_writer writer = pfcp_writer_over(bytes, sizeof(bytes));
	struct pfds_app *app;
	struct pfcp_fault fault;

	apps_put(&writer, id, texts);
	app = pfds_read(bytes + 4, (size_t)(writer.at - bytes) - 4, &tree, &fault);
	assert_non_null(app);
	assert_true(pfds_put(pfds, app));
}
