/* fermon_can.h at work: `candump -L can0 | ./receiver` on a PC; on a microcontroller, your CAN interrupt in its place.
 *
 * Build: cc -std=c99 -Wall -Wextra -o receiver receiver.c
 */
#include <stdio.h>

#include "fermon_can.h"

int main(void) {
    static const char *const modes[] = {"booting", "monitoring", "cannot see", "fault", "dead"};
    static const char *const checks[] = {"ok", "wrong crc", "repeated", "wrong sequence"};
    struct fermon_receiver fermon = {0}, head = {0};
    enum fermon_mode shown = FERMON_DEAD;
    char line[128];
    while (fgets(line, sizeof line, stdin)) {
        double seconds;
        unsigned id;
        char text[17] = "";
        if (sscanf(line, " (%lf) %*s %x#%16[0-9A-Fa-f]", &seconds, &id, text) < 2) continue;
        uint32_t now_ms = (uint32_t)(uint64_t)(seconds * 1000);
        enum fermon_mode before = fermon_mode(&fermon, now_ms); /* a gap since the last frame shows here */
        if (id != FERMON_ID && id != FERMON_ATTENTION_ID) { /* other traffic is this program's clock */
            if (before != shown) printf("%s, silent -> alarm %d\n", modes[before], fermon_alarm(&fermon, now_ms));
            shown = before;
            continue;
        }
        uint8_t data[8] = {0};
        int length = (int)strlen(text) / 2;
        for (int i = 0; i < length; i++) {
            unsigned byte;
            sscanf(text + 2 * i, "%2x", &byte);
            data[i] = (uint8_t)byte;
        }
        if (id == FERMON_ATTENTION_ID) {
            enum fermon_check check = fermon_attention_frame(&head, data, length, now_ms);
            printf("%s -> attention %d level %d yaw %d pitch %d away %d of 30 s %d nods %d\n", checks[check],
                   fermon_attention(&head, now_ms), fermon_distracted_level(&head), fermon_head_yaw(&head),
                   fermon_head_pitch(&head), fermon_away_tenths(&head), fermon_away30_fifths(&head), fermon_nods(&head));
            continue;
        }
        enum fermon_check check = fermon_frame(&fermon, data, length, now_ms);
        shown = fermon_mode(&fermon, now_ms);
        printf("%s, %s -> %s state %d level %d visibility %d latency %d closure %d alarm %d\n", modes[before],
               checks[check], modes[shown], fermon_state(&fermon), fermon_level(&fermon), fermon_visibility(&fermon),
               fermon_latency_ms(&fermon), fermon_closure_tenths(&fermon), fermon_alarm(&fermon, now_ms));
    }
    return 0;
}
