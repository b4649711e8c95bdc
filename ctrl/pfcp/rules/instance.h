// instance.h - network instances (TS 29.244 8.2.4) and APNs, as the configuration knows them: names of data networks, and of the routing
// domains that they are of. Pure.
#pragma once
#include <stdbool.h>
#include "shared/base/conf.h"

// A network instance is called like the data network it leads to, or like its routing domain, which stands for the first of its data networks;
// an APN may name its operator, too (TS 23.003 9.1). Null: there is none such.
const char *instance_dnn(const struct conf *conf, const char *instance);

// Whether they lead to networks that are apart. Where networks are named, what is not known is none of them.
bool instances_apart(const struct conf *conf, const char *a, const char *b);
