// Shows fermon's state on an Arduino: buzzer on pin 8, lamp on pin 13, acknowledge button from pin 2 to ground.
// fermon at Serial1 (3.3 V!), 115200 baud. States and visibilities are numbered as in fermon.dbc.

#include "fermon_sentence.h"

const int BUZZER = 8, LAMP = 13, BUTTON = 2;
const unsigned long DEAD_MS = 3000;   // three heartbeats missed
const unsigned long HOLD_MS = 10000;  // when the wire goes dead in an alarm, the alarm sounds on for so long
const unsigned long UP_MS = 100;      // a button that was up for less was not let go

char line[83];
int length = 0;
fermon_sentence fermon;
fermon_attention head;  // where the driver looks; attention 0 until the first $FERMD
bool alive = false;    // sentences come
bool holding = false;  // dead, and the alarm that was on sounds on
bool wasDown = true;   // a button that is stuck at the start is no press
unsigned long heardAt = 0, upSince = 0;

void setup() {
  Serial1.begin(115200);
  pinMode(BUZZER, OUTPUT);
  pinMode(LAMP, OUTPUT);
  pinMode(BUTTON, INPUT_PULLUP);
}

void loop() {
  while (Serial1.available() > 0) {
    char c = Serial1.read();
    if (c == '$') length = 0;
    if (c != '\n' && length < 82) { line[length++] = c; continue; }
    line[length] = 0;
    length = 0;
    if (fermon_parse(line, &fermon)) { alive = true; holding = false; heardAt = millis(); }
    else fermon_parse_attention(line, &head);  // for a display: the buzzer follows fermon.level, DISTRACTED included
  }
  unsigned long silent = millis() - heardAt, phase = millis() % 1000;
  if (alive && silent > DEAD_MS) { alive = false; holding = fermon.level >= 2; }
  if (holding && silent > DEAD_MS + HOLD_MS) holding = false;
  int level = alive || holding ? fermon.level : 0;
  bool broken = !alive || fermon.state == 6;
  bool blind = !broken && level >= 1 && fermon.visibility != 0;
  // Lamp: fast = dead or fault, half = blind, off = awake. Buzzer: what the driver must hear, whatever else is broken.
  digitalWrite(LAMP, broken ? phase % 200 < 100 : blind ? phase < 500 : level > 0);
  digitalWrite(BUZZER, level == 3 || (level == 2 && phase < 300));

  bool down = digitalRead(BUTTON) == LOW;
  if (down && !wasDown && millis() - upSince >= UP_MS) Serial1.print("$FERMA*5D\r\n");
  if (!down && wasDown) upSince = millis();
  wasDown = down;
}
