/* What the users of libcurl share. */
#ifndef DW_NET_CURL_INTERNAL_H
#define DW_NET_CURL_INTERNAL_H

#include <curl/curl.h>
#include <stdbool.h>

/* Starts the library once a process; false when it does not start. Any thread. */
bool dw_curl_start(void);
/* For CURLOPT_XFERINFOFUNCTION with the handle as its data: whoever waits for a process to stop
 * does not wait for a server that does not answer. curl asks about once a second, not 0 ends it. */
int dw_curl_look_at_drain(void *handle, curl_off_t download_total, curl_off_t download_now,
                          curl_off_t upload_total, curl_off_t upload_now);

#endif
