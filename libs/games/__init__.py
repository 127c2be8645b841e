"""Games that members play with points and tickets: lotteries, prize wheels and auctions, with badges and rankings."""
