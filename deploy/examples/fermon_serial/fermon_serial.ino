// Shows fermon's state on an Arduino: buzzer on pin 8, lamp on pin 13, acknowledge button from pin 2 to ground.
// fermon at Serial1 (3.3 V!), 115200 baud. States and visibilities are numbered as in fermon.dbc.

#include "fermon_sentence.h"

const int BUZZER = 8, LAMP = 13, BUTTON = 2;
const unsigned long DEAD_MS = 3000;  // three heartbeats missed

char line[83];
int length = 0;
fermon_sentence fermon;
bool heard = false, wasDown = false;
unsigned long heardAt = 0, pressedAt = 0;

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
    if (fermon_parse(line, &fermon)) { heard = true; heardAt = millis(); }
  }
  bool dead = !heard || millis() - heardAt > DEAD_MS;
  bool fault = dead || fermon.state == 6;
  bool blind = !fault && fermon.level >= 1 && fermon.visibility != 0;
  unsigned long phase = millis() % 1000;
  // Lamp: fast = dead or fault, half = blind, off = awake. Buzzer: only for what the driver must hear.
  digitalWrite(LAMP, fault ? phase % 200 < 100 : blind ? phase < 500 : fermon.level > 0);
  digitalWrite(BUZZER, !fault && (fermon.level == 3 || (fermon.level == 2 && phase < 300)));

  bool down = digitalRead(BUTTON) == LOW;
  if (down && !wasDown && millis() - pressedAt > 200) {
    Serial1.print("$FERMA*5D\r\n");
    pressedAt = millis();
  }
  wasDown = down;
}
