/* Receives FermonState and FermonAttention (see fermon.dbc) on a microcontroller. C99, no allocation, no library.
 *
 *     static struct fermon_receiver fermon;                      // zeroed: dead until the first good frame
 *     ... on each CAN frame with identifier FERMON_ID:  fermon_frame(&fermon, data, length, millis());
 *     ... in the main loop:  switch (fermon_mode(&fermon, millis())) { case FERMON_DEAD: ... }
 *                            buzzer(fermon_alarm(&fermon, millis()));
 *
 * Where the head points, if you show it:
 *     static struct fermon_receiver head;
 *     ... on each CAN frame with identifier FERMON_ATTENTION_ID:  fermon_attention_frame(&head, data, length, millis());
 *     ... fermon_attention(&head, millis()), fermon_head_yaw(&head), ...
 */
#ifndef FERMON_CAN_H
#define FERMON_CAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FERMON_ID 0x5D0u         /* FermonState */
#define FERMON_DATA_ID 0xFE01u   /* its E2EDataId */
#define FERMON_ATTENTION_ID 0x5D3u         /* FermonAttention */
#define FERMON_ATTENTION_DATA_ID 0xFE03u   /* its E2EDataId */
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
static uint8_t fermon_crc(const uint8_t data[8], uint16_t data_id) {
    uint8_t crc = 0, bytes[9] = {(uint8_t)(data_id & 0xFF), (uint8_t)(data_id >> 8)};
    memcpy(bytes + 2, data + 1, 7);
    for (int i = 0; i < 9; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) crc = (uint8_t)((crc & 0x80) ? (crc << 1) ^ 0x1D : crc << 1);
    }
    return crc;
}

static enum fermon_check fermon_checked(struct fermon_receiver *r, uint16_t data_id, const uint8_t *data, int length,
                                        uint32_t now_ms) {
    if (length != 8 || data[0] != fermon_crc(data, data_id) || (data[1] & 0x0F) > 14) return FERMON_WRONG_CRC;
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

/* Take one frame of FermonState. Only FERMON_OK frames change what the functions below return. */
static enum fermon_check fermon_frame(struct fermon_receiver *r, const uint8_t *data, int length, uint32_t now_ms) {
    return fermon_checked(r, FERMON_DATA_ID, data, length, now_ms);
}

/* The same of FermonAttention, with a receiver of its own. */
static inline enum fermon_check fermon_attention_frame(struct fermon_receiver *r, const uint8_t *data, int length,
                                                       uint32_t now_ms) {
    return fermon_checked(r, FERMON_ATTENTION_DATA_ID, data, length, now_ms);
}

/* 0 not determined (nothing was heard for a second, too), 1 attentive, 2 away, 3 distracted. */
static inline int fermon_attention(const struct fermon_receiver *r, uint32_t now_ms) {
    return r->alive && now_ms - r->heard_ms <= FERMON_TIMEOUT_MS ? r->data[1] >> 4 & 3 : 0;
}

#define FERMON_NO_ANGLE (-128) /* degrees: not available */
static inline int fermon_distracted_level(const struct fermon_receiver *r) { return r->data[1] >> 6; } /* 0 to 2 */
static inline int fermon_nods(const struct fermon_receiver *r) { return r->data[2] >> 4; }
static inline int fermon_head_yaw(const struct fermon_receiver *r) { return (int8_t)r->data[3]; }   /* + = driver's left */
static inline int fermon_head_pitch(const struct fermon_receiver *r) { return (int8_t)r->data[4]; } /* + = up */
static inline int fermon_away_tenths(const struct fermon_receiver *r) { return r->data[5]; } /* 255: none */
static inline int fermon_away30_fifths(const struct fermon_receiver *r) { return r->data[6]; } /* 255: none */

/* The signals of FermonState, at the places and scales of the DBC. */
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
