// session_pages.c - sessions fetched page by page. One thread.
#include "ctrl/cli/session_pages.h"

#include "ctrl/cli/client.h"

#define PAGE 1000u

int session_pages(struct cli *cli, Shoal__Oss__SessionList *list, uint64_t most, session_page *each, void *arg)
{
	bool more = true;

	while (more && most) {
		Shoal__Oss__Request request = SHOAL__OSS__REQUEST__INIT;
		Shoal__Oss__Response *response;
		const Shoal__Oss__SessionListAnswer *page;
		int code;

		list->limit = most < PAGE ? (uint32_t)most : PAGE;
		request.body_case = SHOAL__OSS__REQUEST__BODY_SESSION_LIST;
		request.session_list = list;
		code = client_call(cli, &request, false, &response);
		if (code)
			return code;
		page = response->body_case == SHOAL__OSS__RESPONSE__BODY_SESSION_LIST ? response->session_list : NULL;
		more = page && page->next > list->after; // ids grow, so a page that does not is the last one
		if (page) {
			more = each(arg, page) && more;
			most -= page->n_sessions < most ? page->n_sessions : most;
			list->after = page->next;
		}
		client_free(response);
	}
	return CLI_OK;
}
