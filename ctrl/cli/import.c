// import.c - `shoal session import`: options, file and summary; importer.c does the work.
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctrl/cli/command.h"
#include "ctrl/cli/importer.h"

#define WINDOW 8u

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	interrupted = 1;
}

static int summary(struct importer *import)
{
	double seconds = progress_seconds(&import->progress);
	const char *verb = import->check_only ? "in order" : "created";
	bool partly = import->bad || import->unapplied || interrupted;
	int code = import->stop ? import->stop : partly ? CLI_PARTLY : CLI_OK;

	if (code == CLI_REFUSED && import->created)
		code = CLI_PARTLY;
	if (import->cli->json) {
		printf("{\"%s\": %" PRIu64 ", \"bad_lines\": %" PRIu64 ", \"not_applied_yet\": %" PRIu64
		       ", \"seconds\": %.3f, \"complete\": %s}\n",
		       import->check_only ? "good_lines" : "created", import->created, import->bad, import->unapplied,
		       seconds, import->stop || interrupted ? "false" : "true");
		return code;
	}
	printf("%s sessions %s in %.1f s (%s/s)", units_count(import->created).text, verb, seconds,
	       units_count((uint64_t)((double)import->created / seconds)).text);
	if (import->bad)
		printf(", bad lines: %s", units_count(import->bad).text);
	if (import->unapplied)
		printf(", stored but not applied yet: %s", units_count(import->unapplied).text);
	putchar('\n');
	if (!import->check_only && (import->stop || interrupted))
		fputs("stopped: to go on, run the same command again; what is done is not done twice\n", stderr);
	return code;
}

static int open_file(struct importer *import, int *fd)
{
	struct stat stat;

	if (!strcmp(import->name, "-")) {
		import->name = "stdin";
		*fd = STDIN_FILENO;
	} else {
		*fd = open(import->name, O_RDONLY | O_CLOEXEC);
	}
	if (*fd < 0 || fstat(*fd, &stat)) {
		fprintf(stderr, "shoal: %s: %s\n", import->name, strerror(errno));
		return CLI_USAGE;
	}
	progress_open(&import->progress, S_ISREG(stat.st_mode) ? (uint64_t)stat.st_size : 0);
	return CLI_OK;
}

static int read_format(const struct args *args, enum reader_format *format)
{
	const char *word = args_value(args, "format");

	*format = READER_LOOK;
	if (word && !strcmp(word, "csv"))
		*format = READER_CSV;
	else if (word && !strcmp(word, "jsonl"))
		*format = READER_JSONL;
	else if (word)
		return args_refuse(args, "format: '%s' is neither csv nor jsonl", units_quote(word).text);
	return 0;
}

static int read_options(struct importer *import, const struct args *args)
{
	uint64_t batch = PARCEL_MAX, window = WINDOW;

	if (!args_number(args, "batch", (const uint64_t[]){ 1, PARCEL_MAX }, &batch) ||
	    !args_number(args, "window", (const uint64_t[]){ 1, FLIGHT_WINDOW_MAX }, &window))
		return -EINVAL;
	import->window = (unsigned)window;
	import->name = args->words[0];
	import->check_only = args_value(args, "check") != NULL;
	import->go_on = args_value(args, "go-on") != NULL;
	import->wait = args_value(args, "wait") != NULL;
	if (parcel_open(&import->batch, (unsigned)batch)) {
		fputs("shoal: no memory\n", stderr);
		return CLI_PARTLY;
	}
	import->batch.key.flags = (uint32_t)import->go_on | (uint32_t)import->wait << 1;
	if (args_value(args, "fresh") && getrandom(&import->batch.key.salt, sizeof(uint64_t), 0) != sizeof(uint64_t))
		return CLI_PARTLY;
	return CLI_OK;
}

// The second Ctrl-C ends it at once.
static void catch_interrupt(void)
{
	struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND };

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
}

static int run_import(struct cli *cli, const struct args *args)
{
	static struct importer import; // big
	enum reader_format format;
	int fd = -1;
	int code = read_format(args, &format);

	import.cli = cli;
	import.interrupted = &interrupted;
	code = code ? code : read_options(&import, args);
	code = code ? code : open_file(&import, &fd);
	code = code || import.check_only ? code : importer_connect(&import);
	if (!code && reader_open(&import.reader, fd, format))
		code = CLI_PARTLY;
	if (!code) {
		catch_interrupt();
		importer_run(&import);
		code = summary(&import);
	}
	importer_close(&import);
	if (fd > STDIN_FILENO)
		close(fd);
	return code;
}

static const struct args_option import_options[] = {
	{ "format", "FORMAT", "csv or jsonl; default: jsonl if the file begins with '{', else csv" },
	{ "go-on", NULL, "name bad lines and import the others" },
	{ "wait", NULL, "let each batch be applied by the workers, not only stored" },
	{ "check", NULL, "read all, send nothing" },
	{ "fresh", NULL, "do it again although the same file was imported in the last 24 hours" },
	{ "batch", "N", "sessions in a request, 1..1000; default 1000" },
	{ "window", "N", "requests under way at once, 1..16; default 8" },
	{ 0 },
};

const struct command import_commands[] = {
	{
	    .name = "session import",
	    .words = "FILE",
	    .min = 1,
	    .max = 1,
	    .summary = "Creates the sessions that a file lists",
	    .text =
		"FILE is CSV or JSON lines; '-' is standard input. The first line of a CSV names its columns, in any\n"
		"order: the options of `session add` with '_' for '-' (ul_rate, peer_teid). JSON lines have one "
		"object\n"
		"a line with the same names. An empty value is one not given. Lines that begin with '#' are comments.\n"
		"\n"
		"The first bad line stops the import: nothing of its batch is created, the batches before it are, and\n"
		"batches sent together with it may be. Correct the line and run the same command again: a batch that\n"
		"was done before is recognised and not done twice. After such sessions were deleted, --fresh imports\n"
		"the same file anew.\n",
	    .examples =
		"  shoal session import --check subscribers.csv\n"
		"  shoal session import --wait subscribers.csv\n"
		"  shoal session export | ssh standby shoal session import --go-on -\n"
		"\n"
		"  imsi,dnn,ipv4,peer,peer_teid,ul_rate,dl_rate\n"
		"  001010000000001,internet,auto,192.0.2.10,0x100,10M,50M\n"
		"\n"
		"  {\"imsi\": \"001010000000001\", \"ipv4\": \"auto\", \"peer\": \"192.0.2.10\", \"rate\": \"10M\"}\n",
	    .options = import_options,
	    .run = run_import,
	},
	{ 0 },
};
