// truth.c - opens the parts of the truth in the order they need each other.
#include "ctrl/truth/truth.h"
#include <errno.h>
#include <string.h>
#include "shared/base/clock.h"
#include "shared/base/log.h"

static int memory_open(struct truth *truth)
{
	unsigned bad;
	int slots = place_lay(&truth->place, truth->conf, &bad);
	int error;

	if (slots < 0) {
		log_error("truth.pools", "pools[%u] cannot be laid out: %s", bad, strerror(-slots));
		return slots;
	}
	error = grid_open(&truth->grid, (uint32_t)slots);
	if (error)
		return error;
	truth->place.grid = &truth->grid;
	chains_open(&truth->chains, &truth->grid);
	truth->rates = rates_make(truth->conf->rates);
	error = truth->rates ? sessions_open(&truth->sessions, &truth->place) : -ENOMEM;
	if (!error)
		error = aliases_open(&truth->aliases, &truth->sessions);
	framed_open(&truth->framed, truth->conf, &truth->sessions);
	if (!error)
		error = outbox_open(&truth->outbox, &truth->store);
	if (!error)
		error = measures_open(&truth->measures, &truth->sessions, &truth->outbox);
	if (!error)
		error = books_open(&truth->books, truth->conf, &truth->scribe, &truth->grid, &truth->measures);
	if (!error)
		error = notes_open(&truth->notes, &truth->store);
	return error ? error : keys_open(&truth->keys, &truth->store);
}

static int store_load(struct truth *truth, bool salvage)
{
	uint64_t begin_ns = clock_ns();
	int error;

	truth->ledger = (struct ledger){ .conf = truth->conf,
					 .place = &truth->place,
					 .sessions = &truth->sessions,
					 .rates = truth->rates,
					 .aliases = &truth->aliases,
					 .framed = &truth->framed,
					 .chains = &truth->chains,
					 .measures = &truth->measures,
					 .quota = { &truth->measures, measures_quota, measures_kept } };
	truth->load = (struct load){ .store = &truth->store,
				     .ledger = &truth->ledger,
				     .keys = &truth->keys,
				     .books = &truth->books,
				     .notes = &truth->notes,
				     .outbox = &truth->outbox,
				     .measures = &truth->measures,
				     .salvage = salvage };
	error = load_all(&truth->load);
	if (error) {
		log_error("store.load", "%s: %s%s", truth->conf->store_dir, strerror(-error),
			  error == -EBADMSG || error == -EPROTO ? "; --salvage starts without what is named above"
								: "");
		return error;
	}
	log_info("store.loaded", "%u sessions in %llu ms, epoch %llu, %llu damaged rows left out",
		 truth->sessions.by_id.count, (unsigned long long)((clock_ns() - begin_ns) / 1000000),
		 (unsigned long long)truth->load.starts, (unsigned long long)truth->load.salvaged);
	return 0;
}

int truth_open(struct truth *truth, const struct conf *conf, const struct store *store, bool salvage)
{
	int error;

	*truth = (struct truth){ .conf = conf, .store = *store };
	scribe_open(&truth->scribe, &truth->store);
	error = memory_open(truth);
	if (!error)
		error = store_load(truth, salvage);
	if (error)
		truth_close(truth);
	return error;
}

void truth_close(struct truth *truth)
{
	store_close(&truth->store);
	ledger_close(&truth->ledger);
	keys_close(&truth->keys);
	notes_close(&truth->notes);
	outbox_close(&truth->outbox);
	books_close(&truth->books);
	aliases_close(&truth->aliases);
	framed_close(&truth->framed);
	measures_close(&truth->measures);
	sessions_close(&truth->sessions);
	rates_free(truth->rates);
	grid_close(&truth->grid);
}
