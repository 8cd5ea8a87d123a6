// Parses $FERM,<ms>,<state>,<expression alert>,<visibility>,<perclos %>,<closure ms>,<level>*hh  (C99 and C++)
#ifndef FERMON_SENTENCE_H
#define FERMON_SENTENCE_H

#include <stdio.h>
#include <stdlib.h>

typedef struct {
  unsigned long ms;
  int state, expression_alert, visibility, perclos;  // perclos -1: not available
  long closure_ms;
  int level;
} fermon_sentence;

// Returns 1 and fills *s when `line` (from '$' on, line end or not) is a whole sentence with the right checksum.
static int fermon_parse(const char *line, fermon_sentence *s) {
  fermon_sentence t;
  unsigned char sum = 0;
  const char *p = line + 1;
  if (line[0] != '$') return 0;
  while (*p && *p != '*') sum ^= (unsigned char)*p++;
  if (*p != '*' || strtoul(p + 1, NULL, 16) != sum) return 0;
  if (sscanf(line, "$FERM,%lu,%d,%d,%d,%d,%ld,%d*", &t.ms, &t.state, &t.expression_alert, &t.visibility, &t.perclos,
             &t.closure_ms, &t.level) != 7) return 0;
  *s = t;
  return 1;
}

#endif
