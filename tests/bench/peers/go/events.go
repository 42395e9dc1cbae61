package main

import (
	"strconv"

	"github.com/bytedance/sonic"
)

const (
	windowS      = 15
	latenessS    = 5
	gapS         = 5
	minDurationS = 30
)

type reading struct {
	ClientID    string  `json:"client_id"`
	Username    string  `json:"username"`
	Timestamp   int64   `json:"timestamp"`
	Consumption float64 `json:"consumption"`
}

type deviceState struct {
	ClientID    string `json:"client_id"`
	Username    string `json:"username"`
	Timestamp   int64  `json:"timestamp"`
	StateBitmap []bool `json:"state_bitmap"`
}

func decode(value []byte, event any) {
	if err := sonic.Unmarshal(value, event); err != nil {
		panic(err)
	}
}

// beginning of an output, to the open bracket of its timestamps. Names are written as they are: a
// name of these households has nothing to escape.
func beginning(b []byte, household *reading, start string, startS int64, end string, endS int64) []byte {
	b = append(b, `{"client_id":"`...)
	b = append(b, household.ClientID...)
	b = append(b, `","username":"`...)
	b = append(b, household.Username...)
	b = append(b, `","`...)
	b = append(b, start...)
	b = append(b, `":`...)
	b = strconv.AppendInt(b, startS, 10)
	b = append(b, `,"`...)
	b = append(b, end...)
	b = append(b, `":`...)
	b = strconv.AppendInt(b, endS, 10)
	return append(b, `,"timestamps":[`...)
}

// next puts text in the place of the comma behind a list's last element.
func next(b []byte, text string) []byte {
	return append(b[:len(b)-1], text...)
}

func appendWatts(b []byte, watts float64) []byte {
	return append(strconv.AppendFloat(b, watts, 'f', -1, 64), ',')
}

func appendSecond(b []byte, second int64) []byte {
	return append(strconv.AppendInt(b, second, 10), ',')
}

func appendBitmap(b []byte, bitmap []bool) []byte {
	b = append(b, '[')
	for _, isOn := range bitmap {
		b = append(strconv.AppendBool(b, isOn), ',')
	}
	return append(next(b, "]"), ',')
}
