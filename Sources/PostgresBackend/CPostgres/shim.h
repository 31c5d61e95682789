#ifndef PERSISTENCY_POSTGRES_SHIM_H
#define PERSISTENCY_POSTGRES_SHIM_H

#include <libpq-fe.h>

#endif
