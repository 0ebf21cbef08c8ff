#include "node/web/web_history.h"

#include "work/base/clock.h"

void
web_history_add (struct web_history *history, uint64_t hashes, uint64_t now)
{
    const uint64_t tried = hashes >= history->hashes ? hashes - history->hashes : hashes;

    if (history->time != 0 && now > history->time) {
        history->rates[history->count++ % WEB_HISTORY_SIZE] =
            (double)tried / clock_seconds (now - history->time);
    }
    history->hashes = hashes;
    history->time = now;
}

size_t
web_history_count (const struct web_history *history)
{
    return history->count < WEB_HISTORY_SIZE ? (size_t)history->count : WEB_HISTORY_SIZE;
}

double
web_history_rate (const struct web_history *history, size_t index)
{
    const uint64_t first = history->count - web_history_count (history);

    return history->rates[(first + index) % WEB_HISTORY_SIZE];
}
