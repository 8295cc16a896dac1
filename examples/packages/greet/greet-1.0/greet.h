#ifndef GREET_H
#define GREET_H

/* Writes a greeting for name into out; returns its length, or -1 if it does not fit. */
int greet(char *out, int size, const char *name);

#endif
