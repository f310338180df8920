/* Doorward: OAuth for MCP servers. This header brings in what a server needs; doorward/testing.h is
 * for tests. */
#ifndef DOORWARD_DOORWARD_H
#define DOORWARD_DOORWARD_H

#include <doorward/auth.h>
#include <doorward/call.h>
#include <doorward/error.h>
#include <doorward/http.h>
#include <doorward/server.h>
#include <doorward/slice.h>

#endif
