#include <stdio.h>

#include "greet.h"

int greet(char *out, int size, const char *name)
{
    int n = snprintf(out, size, "Hello, %s!", name);
    return n < size ? n : -1;
}
