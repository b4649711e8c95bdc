// conf_door.c - where ctrl is spoken with: the kinds of urls, files and accounts, and what doors demand of each other.
// No state; the caller owns the configuration.
#include <stdlib.h>
#include <string.h>
#include "shared/base/conf_parts.h"

#define SOCKET_PATH_MAX 107u // sun_path of unix(7), less its final zero
#define TLS "tls+tcp://"
#define TCP "tcp://"
#define IPC "ipc:///"

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static bool ipc_good(const char *url)
{
	return starts(url, IPC) && url[strlen(IPC)] && strlen(url + 6) <= SOCKET_PATH_MAX && !strpbrk(url, " ,");
}

static bool tcp_good(const char *url)
{
	const char *address = starts(url, TLS) ? url + strlen(TLS) : starts(url, TCP) ? url + strlen(TCP) : NULL;
	const char *colon = address ? strrchr(address, ':') : NULL;
	const char *port = colon ? colon + 1 : "";
	size_t digits = strspn(port, "0123456789");

	return colon > address && digits && digits < 6 && !port[digits] && atoi(port) > 0 && atoi(port) < 65536 &&
	       !strpbrk(url, " ,");
}

static bool read_within(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	const struct conf_field bounds = { .low = 1, .high = (int64_t)field->value_bytes - 1 };

	return conf_read_text(&bounds, text, value, why);
}

// "auto" is the empty text until conf_door_check knows the run directory.
static bool read_url(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	if (!field->many && !strcmp(text, "auto"))
		return true;
	if (tcp_good(text))
		return conf_refuse(why, "only ipc here; what is reached from other hosts stands under doors");
	if (!ipc_good(text))
		return conf_refuse(why, IPC "<path of at most %u bytes> is expected, not '%.80s'", SOCKET_PATH_MAX,
				   text);
	return read_within(field, text, value, why);
}

static bool read_door_url(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	if (!ipc_good(text) && !tcp_good(text))
		return conf_refuse(why,
				   IPC "<path of at most %u bytes> or " TLS "<address>:<port> is expected, not '%.80s'",
				   SOCKET_PATH_MAX, text);
	return read_within(field, text, value, why);
}

// The empty text stands for the field's default, a word.
static bool is_default(const struct conf_field *field, const char *text)
{
	return field->fallback && !strcmp(text, field->fallback);
}

static void write_or_default(const struct conf_field *field, const void *value, FILE *file)
{
	if (*(const char *)value || !field->fallback)
		conf_write_text(field, value, file);
	else
		fputs(field->fallback, file);
}

static bool read_file(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	return is_default(field, text) || conf_kind_path.read(field, text, value, why);
}

static bool read_name_or(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	return is_default(field, text) || conf_kind_name.read(field, text, value, why);
}

static bool read_account(const struct conf_field *field, const char *text, void *value, struct conf_why *why)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

	if (!field->many && !strcmp(text, "none")) // the empty text, whatever the default is
		return true;
	if (text[strspn(text, good)] || *text == '-')
		return conf_refuse(why, "the name or number of an account is expected, not '%.40s'", text);
	return read_within(field, text, value, why);
}

static void write_account(const struct conf_field *field, const void *value, FILE *file)
{
	if (*(const char *)value)
		conf_write_text(field, value, file);
	else
		fputs("none", file);
}

static const struct conf_word duty_words[] = {
	{ "read", CONF_READ }, { "provision", CONF_PROVISION }, { "operate", CONF_OPERATE }, { NULL, 0 }
};
static const struct conf_word yes_words[] = { { "no", CONF_NO }, { "yes", CONF_YES }, { NULL, 0 } };

const struct conf_kind conf_kind_url = { read_url, write_or_default, NULL };
const struct conf_kind conf_kind_door_url = { read_door_url, conf_write_text, NULL };
const struct conf_kind conf_kind_name_or = { read_name_or, write_or_default, NULL };
const struct conf_kind conf_kind_file = { read_file, write_or_default, NULL };
const struct conf_kind conf_kind_account = { read_account, write_account, NULL };
const struct conf_kind conf_kind_duty = { conf_read_word, conf_write_word, duty_words };
const struct conf_kind conf_kind_yes = { conf_read_word, conf_write_word, yes_words };

static int check_tls(const struct conf_source *source, const struct conf_door *door, unsigned i)
{
	const struct {
		const char *key, *value;
	} files[] = { { "certificate", door->certificate }, { "key", door->key }, { "ca", door->ca } };
	bool tls = starts(door->url, TLS);
	char field[32];

	for (unsigned k = 0; k < sizeof files / sizeof *files; k++) {
		snprintf(field, sizeof field, "doors[%u].%s", i, files[k].key);
		if (tls && !*files[k].value)
			return conf_fault(source, field,
					  "must be given: a " TLS " door proves itself, and its clients do");
		if (!tls && *files[k].value)
			return conf_fault(source, field, "only a " TLS " door has one");
	}
	return 0;
}

static int check_way(const struct conf_source *source, const struct conf_door *door, unsigned i)
{
	char field[32];

	snprintf(field, sizeof field, "doors[%u].url", i);
	if (starts(door->url, TCP) && !door->plain)
		return conf_fault(source, field,
				  "anybody on the way reads and changes what is said over tcp://, and anybody may come "
				  "in; take " TLS ", or say plain: yes");
	snprintf(field, sizeof field, "doors[%u].plain", i);
	if (!starts(door->url, TCP) && door->plain)
		return conf_fault(source, field, "only a tcp:// door is plain");
	snprintf(field, sizeof field, "doors[%u].%s", i, door->users ? "users" : "group");
	if (!starts(door->url, IPC) && (door->users || *door->group))
		return conf_fault(source, field, "only an ipc door knows accounts");
	return check_tls(source, door, i);
}

static int check_dnn(const struct conf_source *source, const struct conf *conf, unsigned i)
{
	const struct conf_door *door = &conf->door[i];
	bool known = !*door->dnn;
	char field[32];

	snprintf(field, sizeof field, "doors[%u].dnn", i);
	for (unsigned k = 0; k < conf->pools && !known; k++)
		known = !strcmp(conf->pool[k].dnn, door->dnn);
	if (!known)
		return conf_fault(source, field, "no pool has the data network name '%s'", door->dnn);
	if (*door->dnn && door->role == CONF_OPERATE)
		return conf_fault(source, field, "who operates the gateway is not confined to one data network");
	return 0;
}

// With one ca for two roles, the clients of the lesser would be welcome at the greater.
static int check_twin(const struct conf_source *source, const struct conf *conf, unsigned i, unsigned j)
{
	const struct conf_door *door = &conf->door[i], *other = &conf->door[j];
	char field[32];

	snprintf(field, sizeof field, "doors[%u].url", i);
	if (!strcmp(door->url, other->url))
		return conf_fault(source, field, "the same as doors[%u]", j);
	snprintf(field, sizeof field, "doors[%u].ca", i);
	if (*door->ca && !strcmp(door->ca, other->ca) &&
	    (door->role != other->role || strcmp(door->dnn, other->dnn) != 0))
		return conf_fault(source, field,
				  "vouches for the clients of doors[%u] already, which may do other things", j);
	return 0;
}

static int check_door(const struct conf_source *source, const struct conf *conf, unsigned i)
{
	const char *url = conf->door[i].url;
	int error = check_way(source, &conf->door[i], i);
	char field[32];

	if (!error)
		error = check_dnn(source, conf, i);
	for (unsigned j = 0; j < i && !error; j++)
		error = check_twin(source, conf, i, j);
	snprintf(field, sizeof field, "doors[%u].url", i);
	if (!error && !strcmp(url, conf->event_url))
		return conf_fault(source, field, "the same as ctrl.events");
	for (unsigned j = 0; j < conf->oss_urls && !error; j++)
		if (!strcmp(url, conf->oss_url[j]))
			return conf_fault(source, field, "the same as ctrl.oss[%u]", j);
	return error;
}

static int check_urls(const struct conf_source *source, const struct conf *conf)
{
	char field[24];

	for (unsigned i = 0; i < conf->oss_urls; i++) {
		snprintf(field, sizeof field, "ctrl.oss[%u]", i);
		if (!strcmp(conf->oss_url[i], conf->event_url))
			return conf_fault(source, field, "the same as ctrl.events");
		for (unsigned j = 0; j < i; j++)
			if (!strcmp(conf->oss_url[i], conf->oss_url[j]))
				return conf_fault(source, field, "given twice");
	}
	return 0;
}

int conf_door_check(const struct conf_source *source, struct conf *conf)
{
	int error;

	if (!*conf->event_url)
		snprintf(conf->event_url, sizeof conf->event_url, "ipc://%.100s/events.ipc", conf->run_dir);
	if (!conf->oss_urls)
		snprintf(conf->oss_url[conf->oss_urls++], sizeof conf->oss_url[0], "ipc://%.100s/oss.ipc",
			 conf->run_dir);
	error = check_urls(source, conf);
	for (unsigned i = 0; i < conf->doors && !error; i++)
		error = check_door(source, conf, i);
	return error;
}
