package comm_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/dally-go/dally/comm"
)

func TestRing(t *testing.T) {
	const n = 4
	ctx := context.Background()
	got := run(t, n, func(c *comm.Comm) error {
		if c.Rank() == 0 {
			if err := comm.Send(ctx, c, 1, 0, 1); err != nil {
				return err
			}
			sum, err := comm.Recv[int](ctx, c, n-1, 0)
			require.Equal(t, 4, sum)
			return err
		}
		sum, err := comm.Recv[int](ctx, c, c.Rank()-1, 0)
		if err != nil {
			return err
		}
		return comm.Send(ctx, c, (c.Rank()+1)%n, 0, sum+1)
	})
	for _, err := range got {
		require.NoError(t, err)
	}
}
