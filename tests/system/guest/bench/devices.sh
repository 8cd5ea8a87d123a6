#!/bin/bash
# In the guest, at each boot before fermon: the hardware of a test bench. Camera /dev/video10, a chip of 54 lines, vcan0.
set -ex
mkdir -p /run/bench /payload
mountpoint -q /payload || mount -L payload -o ro /payload
modprobe vcan || true # or it is part of the kernel
ip link show vcan0 || ip link add dev vcan0 type vcan
ip link set up vcan0
lsmod | grep -q v4l2loopback ||
  modprobe v4l2loopback video_nr=10 card_label=testcam exclusive_caps=1 max_buffers=4
mountpoint -q /sys/kernel/config || mount -t configfs none /sys/kernel/config
modprobe gpio-sim || true
[ ! -e /run/bench/chip ] || exit 0
mkdir -p /sys/kernel/config/gpio-sim/pi/bank
cd /sys/kernel/config/gpio-sim/pi
echo 54 > bank/num_lines
echo pinctrl-bcm2835 > bank/label
echo 1 > live
chip=$(cat bank/chip_name)
ln -sfn "/sys/devices/platform/$(cat dev_name)/$chip" /run/bench/gpio
echo "${chip#gpiochip}" > /run/bench/chip
