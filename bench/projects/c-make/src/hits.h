#ifndef HITS_H
#define HITS_H

/* Opens the counter's table in memory. Returns 0, or -1 if sqlite cannot. */
int hits_open(void);

/* Adds one hit and returns the new total, or -1. */
long hits_add(void);

#endif
