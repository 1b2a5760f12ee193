#include "hits.h"

#include <sqlite3.h>
#include <stddef.h>

static sqlite3 *store;

int hits_open(void)
{
    if (sqlite3_open(":memory:", &store) != SQLITE_OK)
        return -1;
    return sqlite3_exec(store, "CREATE TABLE hit (id INTEGER PRIMARY KEY)", NULL, NULL, NULL) == SQLITE_OK ? 0 : -1;
}

long hits_add(void)
{
    if (sqlite3_exec(store, "INSERT INTO hit DEFAULT VALUES", NULL, NULL, NULL) != SQLITE_OK)
        return -1;
    return (long)sqlite3_last_insert_rowid(store);
}
