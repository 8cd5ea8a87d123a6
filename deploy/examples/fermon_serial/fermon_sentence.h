// Parses $FERM,<ms>,<state>,<expression alert>,<visibility>,<perclos %>,<closure ms>,<level>*hh
// and $FERMD,<ms>,<attention>,<yaw>,<pitch>,<away ms>,<level of DISTRACTED>*hh  (C99 and C++)
#ifndef FERMON_SENTENCE_H
#define FERMON_SENTENCE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  unsigned long ms;
  int state, expression_alert, visibility, perclos;  // perclos -1: not available
  long closure_ms;
  int level;
} fermon_sentence;

#define FERMON_NONE (-9999)  // a field that is not available

typedef struct {
  unsigned long ms;
  int attention;   // 0 not determined, 1 attentive, 2 away, 3 distracted
  int yaw, pitch;  // degrees from forward, + = to the driver's own left, up
  long away_ms;
  int level;  // of the alert DISTRACTED: 0 none, 1 notice, 2 warning
} fermon_attention;

// Returns 1 when `line` (from '$' on, line end or not) is a whole sentence with the right checksum.
static int fermon_whole(const char *line) {
  unsigned char sum = 0;
  const char *p = line + 1;
  if (line[0] != '$') return 0;
  while (*p && *p != '*') sum ^= (unsigned char)*p++;
  return *p == '*' && strtoul(p + 1, NULL, 16) == sum;
}

// Returns 1 and fills *s when `line` is a whole $FERM sentence.
static int fermon_parse(const char *line, fermon_sentence *s) {
  fermon_sentence t;
  if (!fermon_whole(line)) return 0;
  if (sscanf(line, "$FERM,%lu,%d,%d,%d,%d,%ld,%d*", &t.ms, &t.state, &t.expression_alert, &t.visibility, &t.perclos,
             &t.closure_ms, &t.level) != 7) return 0;
  *s = t;
  return 1;
}

// Returns 1 and fills *a when `line` is a whole $FERMD sentence. Fields may be empty: sscanf would stop there.
static inline int fermon_parse_attention(const char *line, fermon_attention *a) {
  long field[6];
  const char *p = line + 6;
  if (!fermon_whole(line) || strncmp(line, "$FERMD", 6) != 0) return 0;
  for (int i = 0; i < 6; i++) {
    char *end;
    if (*p++ != ',') return 0;
    field[i] = i == 0 ? (long)strtoul(p, &end, 10) : strtol(p, &end, 10);
    if (end == p) field[i] = FERMON_NONE;
    p = end;
  }
  if (*p != '*') return 0;
  a->ms = (unsigned long)field[0];
  a->attention = (int)field[1];
  a->yaw = (int)field[2];
  a->pitch = (int)field[3];
  a->away_ms = field[4];
  a->level = (int)field[5];
  return 1;
}

#endif
