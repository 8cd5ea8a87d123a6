/* Receives FermonState (see fermon.dbc) on a microcontroller. C99, no allocation, no library.
 *
 *     static struct fermon_receiver fermon;                      // zeroed: dead until the first good frame
 *     ... on each CAN frame with identifier FERMON_ID:  fermon_frame(&fermon, data, length, millis());
 *     ... in the main loop:  switch (fermon_mode(&fermon, millis())) { case FERMON_DEAD: ... }
 *                            buzzer(fermon_alarm(&fermon, millis()));
 */
#ifndef FERMON_CAN_H
#define FERMON_CAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FERMON_ID 0x5D0u         /* FermonState */
#define FERMON_DATA_ID 0xFE01u   /* its E2EDataId */
#define FERMON_TIMEOUT_MS 1000u  /* its GenMsgTimeoutTime */
#define FERMON_HOLD_MS 10000u    /* when fermon falls silent in an alarm, the alarm sounds on for so long */
#define FERMON_ACK_ID 0x5D2u     /* FermonAck */
#define FERMON_MOST_LOST 3u      /* so many frames in a row may be missing */

enum fermon_mode { FERMON_BOOTING, FERMON_MONITORING, FERMON_CANNOT_SEE, FERMON_FAULT, FERMON_DEAD };
enum fermon_check { FERMON_OK, FERMON_WRONG_CRC, FERMON_REPEATED, FERMON_WRONG_SEQUENCE };

struct fermon_receiver {
    bool alive, started;
    bool holding; /* dead, and the alarm that was on sounds on */
    uint8_t counter;
    uint32_t heard_ms;
    uint8_t data[8]; /* of the last good frame */
};

/* AUTOSAR E2E profile 1, both-ID mode: CRC-8 0x1D over the data ID, low byte first, and bytes 1 to 7. */
static uint8_t fermon_crc(const uint8_t data[8]) {
    uint8_t crc = 0, bytes[9] = {FERMON_DATA_ID & 0xFF, FERMON_DATA_ID >> 8};
    memcpy(bytes + 2, data + 1, 7);
    for (int i = 0; i < 9; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = (uint8_t)((crc & 0x80) ? (crc << 1) ^ 0x1D : crc << 1);
    }
    return crc;
}

/* Take one frame. Only FERMON_OK frames change what the functions below return. */
static enum fermon_check fermon_frame(struct fermon_receiver *r, const uint8_t *data, int length, uint32_t now_ms) {
    if (length != 8 || data[0] != fermon_crc(data) || (data[1] & 0x0F) > 14) return FERMON_WRONG_CRC;
    uint8_t counter = data[1] & 0x0F, step = (uint8_t)((counter + 15 - r->counter) % 15);
    bool first = !r->started;
    r->counter = counter;
    r->started = true;
    if (!first && step == 0) return FERMON_REPEATED;
    if (!first && step > FERMON_MOST_LOST + 1) return FERMON_WRONG_SEQUENCE;
    memcpy(r->data, data, 8);
    r->heard_ms = now_ms;
    r->alive = true;
    r->holding = false;
    return FERMON_OK;
}

/* The signals, at the places and scales of the DBC. */
static inline int fermon_state(const struct fermon_receiver *r) { return r->data[1] >> 4; }
static inline int fermon_visibility(const struct fermon_receiver *r) { return r->data[2] & 7; }
static inline int fermon_level(const struct fermon_receiver *r) { return r->data[2] >> 3 & 3; }
static inline int fermon_latency_ms(const struct fermon_receiver *r) { return r->data[3] >> 5 | r->data[4] << 3; }
static inline int fermon_closure_tenths(const struct fermon_receiver *r) { return r->data[7]; } /* 255: none */

/* Whether fermon's word can be relied on; ask in every turn of the main loop. Survives the overflow of millis(). */
static enum fermon_mode fermon_mode(struct fermon_receiver *r, uint32_t now_ms) {
    uint32_t silent_ms = now_ms - r->heard_ms;
    if (r->alive && silent_ms > FERMON_TIMEOUT_MS) {
        r->alive = false;
        r->holding = fermon_level(r) >= 2;
    }
    if (r->holding && silent_ms > FERMON_TIMEOUT_MS + FERMON_HOLD_MS) r->holding = false;
    return r->alive ? (enum fermon_mode)(r->data[2] >> 6) : FERMON_DEAD;
}

/* The level that the buzzer sounds: 0 none, 1 notice, 2 warning, 3 critical. In every mode fermon's own, FERMON_FAULT
 * included; when the bus goes dead in a warning or critical alert, that one for FERMON_HOLD_MS, beside the sign "dead". */
static int fermon_alarm(struct fermon_receiver *r, uint32_t now_ms) {
    return fermon_mode(r, now_ms) != FERMON_DEAD || r->holding ? fermon_level(r) : 0;
}

/* The byte of FermonAck: send it with FERMON_ACK_ID every 100 ms or at every change. The 0 between two presses counts
 * as much as the 1: fermon wants 100 ms of it, so that a button that is stuck is no press. */
static inline uint8_t fermon_ack(bool button_is_down) { return button_is_down ? 1 : 0; }

#endif
