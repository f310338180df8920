/* The parts of the example "everything": one file for plain tools, one for tools that ask the user,
 * one for tasks, one for resources and prompts. */
#ifndef EVERYTHING_FIXTURES_H
#define EVERYTHING_FIXTURES_H

#include <doorward/doorward.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define TEXT(literal) ((struct dw_slice){"" literal, sizeof(literal) - 1})

#define PNG_BYTES 70
extern const unsigned char example_png[PNG_BYTES];

/* Each adds its fixtures to the server. */
void add_plain_tools(struct dw_server *server);
void add_asking_tools(struct dw_server *server);
void add_task_tools(struct dw_server *server);
void add_resources(struct dw_server *server);
void add_prompts(struct dw_server *server);

/* Registers tools whose `user` is the server. */
void add_tools(struct dw_server *server, const struct dw_tool *tools, size_t count);
void sleep_ms(int milliseconds);

#endif
